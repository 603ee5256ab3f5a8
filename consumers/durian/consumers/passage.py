"""The passage of messages through this process: what is under way, and up to where all is safe."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from durian.broker.clock import Clock
from durian.broker.port import Done
from durian.errors import BrokerError
from durian.faults import failpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a stream, and what was counted on the way there."""

    #: Everything before this offset was passed on; None at the beginning, wherever that is.
    offset: int | None = None
    #: Events that were read.
    seen: int = 0
    #: Events that were sent.
    sent: int = 0


@dataclass(slots=True)
class _Open:
    """A message of the stream of which not everything is safe."""

    place: Place
    left: int


class Passage:
    """Keeps book of what is read from a stream and published elsewhere. Safe for threads."""

    def __init__(self, start: Place, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._front = start
        #: By offset, in rising order.
        self._open: dict[int, _Open] = {}
        self._in_flight = 0
        self._error: BrokerError | None = None
        self._heard = self._clock.monotonic()

    @property
    def front(self) -> Place:
        """The place behind everything that was read."""
        with self._changed:
            return self._front

    @property
    def safe(self) -> Place:
        """The last place before which the broker has everything safely."""
        with self._changed:
            first = next(iter(self._open.values()), None)
            return self._front if first is None else first.place

    @property
    def error(self) -> BrokerError | None:
        """The first thing that went wrong."""
        return self._error

    @property
    def silent_s(self) -> float:
        """For how many seconds something has been under way without any confirm."""
        with self._changed:
            return self._clock.monotonic() - self._heard if self._in_flight else 0.0

    def enter(self, offset: int, *, seen: int, sent: int) -> None:
        """A message was read that holds so many events, of which so many are to be sent."""
        with self._changed:
            before = self._front
            if sent:
                place = Place(offset=offset, seen=before.seen, sent=before.sent)
                self._open[offset] = _Open(place, sent)
            self._front = Place(offset=offset + 1, seen=before.seen + seen, sent=before.sent + sent)

    def publishing(self, offset: int) -> Done:
        """One of its events is published; returns whom to tell the outcome."""

        def done(error: BrokerError | None) -> None:
            if error is None:
                failpoint("archive.confirmed")
            with self._changed:
                self._in_flight -= 1
                self._heard = self._clock.monotonic()
                self._settle(offset, error)
                self._changed.notify_all()

        with self._changed:
            self._heard = self._heard if self._in_flight else self._clock.monotonic()
            self._in_flight += 1
        return done

    def wait(self, under_way: int, timeout_s: float) -> bool:
        """Wait until at most so many are under way; False when there are more by then."""
        with self._changed:
            return self._changed.wait_for(lambda: self._in_flight <= under_way, timeout_s)

    def _settle(self, offset: int, error: BrokerError | None) -> None:
        if error is not None:
            self._error = self._error or error
            return
        message = self._open[offset]
        message.left -= 1
        if not message.left:
            del self._open[offset]
