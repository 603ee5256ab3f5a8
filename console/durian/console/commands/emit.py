"""`durian emit`: emit one event, or a file of them."""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.options import AsJSON, BrokerURL, Prefix, Server

EventType = Annotated[str | None, typer.Argument(metavar="TYPE", help="The event's type: person.")]
Data = Annotated[str | None, typer.Argument(metavar="JSON", help="Its data; - reads stdin.")]
Extension = Annotated[
    list[str] | None, typer.Option(help="NAME=VALUE of a further attribute; may be repeated.")
]
Lines = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Emit an event for each line of a file (- reads stdin): its data when TYPE is given, "
        "else a CloudEvent as JSON.",
    ),
]
Rate = Annotated[
    float | None, typer.Option(help="With --lines: at most so many a second.", min=0.001)
]
Resume = Annotated[
    str | None,
    typer.Option(metavar="RUN:LINE", help="With --lines: go on where a run was interrupted."),
]


def emit(
    event_type: EventType = None,
    data: Data = None,
    *,
    source: Annotated[str | None, typer.Option(help="Where it happened, as a URI.")] = None,
    subject: Annotated[str | None, typer.Option(help="What it happened to.")] = None,
    event_id: Annotated[str | None, typer.Option("--id", help="An id of your choice.")] = None,
    extension: Extension = None,
    lines: Lines = None,
    rate: Rate = None,
    resume: Resume = None,
    broker: BrokerURL = None,
    prefix: Prefix = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Emit an event, or many: to the server or broker that is set, else to the `durian up` here."""
    from durian.console import emitting
    from durian.console.output import say, say_json
    from durian.console.settings import load

    settings = load(broker_url=broker, prefix=prefix, server=server)
    if lines is not None:
        emitting.refuse("--lines", JSON=data, subject=subject, id=event_id, extension=extension)
        from durian.console.lines import Asked, emit_lines

        asked = Asked(
            file=lines, event_type=event_type, source=source, rate_per_s=rate, resume=resume
        )
        count = emit_lines(settings, asked)
        events = "1 event" if count == 1 else f"{count} events"
        say_json({"emitted": count}) if as_json else say(f"{events} emitted")
        return
    emitting.refuse("one event", rate=rate, resume=resume)
    event = emitting.new_event(
        emitting.needed("TYPE", event_type),
        emitting.read_body(emitting.needed("JSON", data)),
        source=source,
        subject=subject,
        event_id=event_id,
        extensions=extension or (),
    )
    emitting.warn_of_operational(event)
    emitting.emit(settings, event)
    say_json({"id": event.id, "type": event.type}) if as_json else say(event.id)
