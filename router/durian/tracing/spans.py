"""The spans of an event: where it was emitted, routed and tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from durian.events import Event
from durian.tracing import otel

#: The attributes that carry a trace, in the order in which they are looked at.
PARENT: Final = "traceparent"
_CARRIED: Final = (PARENT, "tracestate")

#: How attributes are called as headers of a message in binary mode.
_HEADER: Final = "ce-"


@dataclass(frozen=True, slots=True)
class Routing:
    """An event that is being routed, and has a trace."""

    carrier: Mapping[str, str]
    about: otel.About

    def end(self, began_at: float, ended_at: float) -> None:
        """Tell when it was taken and when its deliveries were safe, in seconds since the epoch."""
        when = (began_at, ended_at)
        otel.tell("durian route", "consumer", self.carrier, when=when, about=self.about)


def stamped(event: Event, headers: Mapping[str, str] | None = None) -> Event:
    """Return the event as part of the trace in which it is emitted.

    That is the one under way, or the one that is carried by the `headers` of the request by which
    the event came. It is the event itself where nobody traces, or when it has a trace already.
    """
    if PARENT in event.attributes:
        return event
    carried = otel.begin("durian emit", _about(event.attributes), headers)
    if not carried:
        return event
    known = {name: carried[name] for name in _CARRIED if name in carried}
    return Event.from_attributes({**event.attributes, **known}, event.body)


def routing_of(event: Event, listeners: int) -> Routing | None:
    """Return what there will be to tell of an event's routing; None when it has no trace."""
    if PARENT not in event.attributes:
        return None
    carrier = {name: event.attributes[name] for name in _CARRIED if name in event.attributes}
    return Routing(carrier, {**_about(event.attributes), "durian.listeners": listeners})


def is_traced(headers: Mapping[str, object]) -> bool:
    """Tell whether a delivery, whose message has these headers, belongs to a trace."""
    return _HEADER + PARENT in headers


def attempted(
    headers: Mapping[str, object],
    began_at: float,
    ended_at: float,
    *,
    about: otel.About,
    error: str = "",
) -> None:
    """Tell of an attempt of a delivery, whose message has these headers.

    Moments are in seconds since the epoch; `error` is empty when it succeeded.
    """
    if not is_traced(headers):
        return
    carrier = {name: str(headers[_HEADER + name]) for name in _CARRIED if _HEADER + name in headers}
    attributes = {
        name.removeprefix(_HEADER): str(value)
        for name, value in headers.items()
        if name.startswith(_HEADER)
    }
    facts = {**_about(attributes), **about}
    when = (began_at, ended_at)
    otel.tell("durian attempt", "client", carrier, when=when, about=facts, error=error)


def _about(attributes: Mapping[str, str]) -> dict[str, str | int]:
    """What spans tell of an event, by the semantic conventions for CloudEvents."""
    names = {"id": "event_id", "type": "event_type", "source": "event_source"}
    return {f"cloudevents.{told}": attributes.get(name, "") for name, told in names.items()}
