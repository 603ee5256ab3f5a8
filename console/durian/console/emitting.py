"""Emitting one event from the command line: to RabbitMQ, or to a server such as `durian up`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from durian.console.exits import complain
from durian.console.settings import Settings
from durian.errors import InvalidEvent, InvalidInput
from durian.events import CAPS, Event, new_id

#: The `source` of events emitted by hand.
SOURCE = "/durian/cli"

#: How data is typed.
_EXAMPLE = """For example: durian emit person '{"name": "Joe"}'"""


def needed(name: str, given: str | None) -> str:
    """An argument that has to be there. Raises InvalidInput."""
    if given is None:
        hint = "Give TYPE and JSON, or --lines FILE; add --help to see more."
        raise InvalidInput(name, "is missing", hint=hint)
    return given


def refuse(what: str, **given: object) -> None:
    """Raise InvalidInput when something was given that does not go with the rest."""
    for name, value in given.items():
        if value:
            option = name if name.isupper() else f"--{name}"
            raise InvalidInput(option, f"cannot be combined with {what}")


def read_body(text: str) -> bytes:
    """The data as typed; `-` reads it from stdin, and not more than an event can hold."""
    if text != "-":
        return text.encode("utf-8", "surrogateescape")
    return sys.stdin.buffer.read(CAPS.data_bytes + 1)


def new_event(
    event_type: str,
    body: bytes,
    *,
    source: str | None,
    subject: str | None,
    event_id: str | None,
    extensions: Sequence[str],
) -> Event:
    """Make the event that was typed. Raises InvalidEvent."""
    if not body:
        raise InvalidEvent("data", "is empty", hint="Give a JSON value, or - to read stdin.")
    try:
        return Event(
            type=event_type,
            id=new_id() if event_id is None else event_id,
            source=source or SOURCE,
            subject=subject,
            extensions=dict(_extension(text) for text in extensions),
            body=body,
        )
    except InvalidEvent as exc:
        if exc.field != "data":
            raise
        hint = f"{exc.advice} {_EXAMPLE}".strip()
        raise InvalidEvent("data", exc.reason, hint=hint) from exc


def warn_of_operational(event: Event) -> bool:
    """Warn of a type that is Durian's own, and tell whether it is one.

    Hardly anybody gets such an event, and who does may believe it.
    """
    if not event.type.startswith("durian"):
        return False
    from durian.match.event_pattern import wants_operational  # noqa: PLC0415 - seldom needed

    if not wants_operational(event.type):
        return False
    complain(
        f"{event.type}: events whose first word is `durian` are told by Durian itself; only "
        "patterns that begin with it mean them, and not #.",
        of="warning",
    )
    return True


def emit(settings: Settings, event: Event) -> None:
    """Publish the event; returns once a broker has it safely. Raises DurianError."""
    if settings.broker_url and not settings.server:
        from durian.producers import Producer  # noqa: PLC0415 - only with a broker of one's own

        with Producer(settings.broker_url, prefix=settings.prefix) as producer:
            producer.emit(event)
        return
    from durian.console.server import open_client  # noqa: PLC0415 - only without one

    with open_client(settings) as client:
        client.publish([event])


def _extension(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidEvent("--extension", f"{text!r} is not NAME=VALUE")
    return name, value
