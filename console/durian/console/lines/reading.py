"""The events of a file, read as they are wanted; knows which line each came from."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from typing import BinaryIO

from durian.console.lines.event import event_of
from durian.console.lines.run import Run
from durian.errors import InvalidEvent
from durian.events import CAPS, Event
from durian.producers.pipeline import WINDOW

#: Lines between two reports of progress: reporting takes longer than making an event.
_REPORT_EVERY = 50


class Lines(Iterator[Event]):
    """Reads one event a line, from the run's first line on; empty lines are passed over.

    Args:
        file: What is read.
        name: What errors call it.
        run: Gives ids, and the line to begin with.
        event_type: The type of all events; None when each line is a whole event.
        event_source: The `source` of those that name none.
        rate_per_s: Events a second at most.
        progress: Told how many lines were read.
    """

    def __init__(
        self,
        file: BinaryIO,
        name: str,
        run: Run,
        *,
        event_type: str | None,
        event_source: str,
        rate_per_s: float | None = None,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._file = file
        self._name = name
        self._run = run
        self._event_type = event_type
        self._event_source = event_source
        self._interval_s = 1 / rate_per_s if rate_per_s else 0.0
        self._progress = progress
        self._due = 0.0
        self._number = 0
        #: Events that may be unconfirmed, with their lines.
        self._recent: deque[tuple[Event, int]] = deque(maxlen=WINDOW + 1)

    def __next__(self) -> Event:
        while True:
            line = self._read()
            if self._number >= self._run.first and line:
                break
        self._pace()
        event = self._event(line)
        self._recent.append((event, self._number))
        return event

    def rest(self, unconfirmed: Collection[Event]) -> Run:
        """The run that goes on where this one ended: with the first of the unconfirmed.

        When none is, with the line that was read last.
        """
        open_ids = {id(event) for event in unconfirmed}
        lines = [line for event, line in self._recent if id(event) in open_ids]
        return self._run.at(min(lines, default=max(self._number, self._run.first)))

    def rest_in_doubt(self) -> Run:
        """The same when it is not known which were confirmed."""
        return self.rest([event for event, _ in self._recent])

    def _read(self) -> bytes:
        line = self._file.readline(CAPS.document_bytes + 1)
        if not line:
            self._progress(self._number)
            raise StopIteration
        self._number += 1
        if self._number % _REPORT_EVERY == 0:
            self._progress(self._number)
        return line.strip()

    def _event(self, line: bytes) -> Event:
        try:
            return event_of(
                line,
                self._event_type,
                event_id=self._run.id_of(self._number),
                source=self._event_source,
            )
        except InvalidEvent as fault:
            where = f"{self._name} line {self._number}, {fault.field}"
            raise InvalidEvent(where, fault.reason, hint=fault.advice) from fault

    def _pace(self) -> None:
        if not self._interval_s:
            return
        now = time.monotonic()
        if self._due > now:
            threading.Event().wait(self._due - now)
        self._due = max(self._due, now) + self._interval_s
