"""From what `emit` is given to an event and its message: the same for every producer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from durian.events import Event
from durian.events.amqp import encode
from durian.events.message import Message
from durian.producers.check import Check, checking
from durian.tracing import stamped

if TYPE_CHECKING:
    from durian.registry import HookSpec


class Maker:
    """Makes events of types and data, and messages of events that pass the hooks' check."""

    def __init__(
        self, hooks: Mapping[str, HookSpec | type[Any]] | Check | None, source: str
    ) -> None:
        self._check = checking(hooks)
        self._source = source

    def event(
        self, event: Event | str, data: Any, *, subject: str | None, source: str | None
    ) -> Event:
        """Make the event that `emit` was asked for, unless it was given one; in its trace."""
        if isinstance(event, str):
            event = Event(type=event, source=source or self._source, subject=subject, data=data)
        return stamped(event)

    def message(self, event: Event) -> Message:
        """Check and encode an event. Raises InvalidEvent when it must not be published."""
        self._check(event)
        return encode(stamped(event))
