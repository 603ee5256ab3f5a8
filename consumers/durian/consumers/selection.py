"""The selection: which events of the archive a listener is to get."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from durian.consumers.archive import Entry
from durian.errors import InvalidEvent
from durian.events import Event, amqp
from durian.match import Filter, Index
from durian.registry import Listener

_log = logging.getLogger(__name__)


class Selection:
    """What one listener wants, as it is now; the router's own index decides."""

    def __init__(self, listener: Listener, until: float | None = None) -> None:
        """Take all that it wants, or only what happened until a moment (epoch seconds).

        Raises InvalidInput when its filter cannot be read.
        """
        self._index = Index()
        self._index.add(listener.id, listener.event, Filter.parse(listener.filter))
        self._until = None if until is None else datetime.fromtimestamp(until, UTC)

    def of(self, entry: Entry) -> tuple[int, Sequence[Event]]:
        """How many events a message holds, and those of them that are wanted."""
        now = datetime.now(UTC)
        events = read(entry)
        return len(events), [
            event for event in events if self._index.match(event) and not self._is_late(event, now)
        ]

    def _is_late(self, event: Event, now: datetime) -> bool:
        # An event that was published without a time has been given one just now.
        return self._until is not None and self._until < event.time < now


def read(entry: Entry) -> Sequence[Event]:
    """The events of a message; none of a mark, nor of what the router set aside as unreadable."""
    if entry.mark is not None:
        return ()
    try:
        return amqp.decode(entry.message)
    except InvalidEvent:
        return ()
    except Exception:  # noqa: BLE001  # as the router does: one message must not end all others
        _log.exception("archive.message_unreadable offset=%d", entry.offset)
        return ()
