"""`durian emit`: emit one event."""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.options import ApiHost, ApiPort, AsJSON, BrokerURL, Prefix


def emit(
    event_type: Annotated[str, typer.Argument(metavar="TYPE", help="The event's type: person.")],
    data: Annotated[str, typer.Argument(metavar="JSON", help="Its data; - reads stdin.")],
    *,
    source: Annotated[str | None, typer.Option(help="Where it happened, as a URI.")] = None,
    subject: Annotated[str | None, typer.Option(help="What it happened to.")] = None,
    event_id: Annotated[str | None, typer.Option("--id", help="An id of your choice.")] = None,
    extension: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE of a further attribute; may be repeated.")
    ] = None,
    broker: BrokerURL = None,
    prefix: Prefix = None,
    host: ApiHost = None,
    port: ApiPort = None,
    as_json: AsJSON = False,
) -> None:
    """Emit an event: to RabbitMQ when a broker is set, else to the running `durian up`."""
    from durian.console import emitting
    from durian.console.output import say, say_json
    from durian.console.settings import load

    settings = load(broker_url=broker, prefix=prefix, api_host=host, api_port=port)
    event = emitting.new_event(
        event_type,
        emitting.read_body(data),
        source=source,
        subject=subject,
        event_id=event_id,
        extensions=extension or (),
    )
    emitting.emit(settings, event)
    if as_json:
        say_json({"id": event.id, "type": event.type})
    else:
        say(event.id)
