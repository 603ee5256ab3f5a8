"""The events that came last, read backwards from the end of the archive."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.consumers.archive import Archive, Entry
from durian.consumers.selection import read
from durian.events import Event

#: Messages of the archive that are read for one page at most: a search for what is rare goes on
#: with the next page.
SCANNED_MOST = 1000

#: Messages that are read at once.
_CHUNK = 200

#: Seconds for which the end of the archive is taken to be where it was: many may ask at once.
_FRESH_S = 1.0


@dataclass(frozen=True, slots=True)
class RecentEvent:
    """An event of the archive, and where it lies there."""

    offset: int
    event: Event


class RecentEvents:
    """Blocking, and safe to share by threads."""

    def __init__(self, broker: Broker, names: Topology) -> None:
        self._archive = Archive(broker, names)
        self._lock = threading.Lock()
        self._end = 0
        self._end_at = float("-inf")

    def page(
        self, wanted: Callable[[Event], bool], *, before: int | None = None, limit: int
    ) -> tuple[list[RecentEvent], int | None]:
        """The newest events that are wanted, and before which offset to go on; None at the end.

        A message that holds a batch of events is not cut in two, so that a few more than `limit`
        may come. Raises BrokerError.
        """
        found: list[RecentEvent] = []
        place = self._find_end() if before is None else before
        floor = max(0, place - SCANNED_MOST)
        while place > floor:
            entries = self._read(max(floor, place - _CHUNK), place)
            for entry in reversed(entries):
                events = [event for event in read(entry) if wanted(event)]
                found += [RecentEvent(entry.offset, event) for event in reversed(events)]
                if len(found) >= limit:
                    return found, entry.offset or None
            oldest = max(floor, place - _CHUNK)
            if not entries or entries[0].offset > oldest:
                return found, None  # what came before has left the archive
            place = oldest
        return found, place or None

    def _read(self, start: int, end: int) -> Sequence[Entry]:
        with self._archive.read(start) as reading:
            return [entry for entry in reading.upto(end) if entry is not None]

    def _find_end(self) -> int:
        with self._lock:
            now = self._archive.clock.monotonic()
            if now - self._end_at >= _FRESH_S:
                self._end = self._archive.mark()
                self._end_at = self._archive.clock.monotonic()
            return self._end
