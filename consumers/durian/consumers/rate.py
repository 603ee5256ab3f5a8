"""The pace of a listener with a rate: when its next attempts may begin.

Moments for attempts ("slots") are reserved in the registry, where all processes reserve theirs: as
many as there are attempts at hand, and never one in advance, so that none is wasted. While the
registry is away each process keeps the rate by itself.
"""

from __future__ import annotations

from collections.abc import Callable

from durian.broker.clock import Clock

#: Seconds after which a slot that was not used is given up: used later, it would come on top of
#: those that others have by then.
STALE_S = 1.0

#: Told the seconds until the first of the slots that were asked for; None without a registry.
Reserved = Callable[[float | None], None]

#: Asks the registry for so many slots, so many seconds apart.
Reserve = Callable[[int, float, Reserved], None]


class Pace:
    """When attempts at one listener may begin. Everything here runs on the broker's loop."""

    __slots__ = (
        "_asked",
        "_clock",
        "_next_at",
        "_ready",
        "_reserve",
        "_slots",
    )

    def __init__(self, clock: Clock, reserve: Reserve, ready: Callable[[], None]) -> None:
        """Make one that calls `ready` when slots have come that were missing."""
        self._clock = clock
        self._reserve = reserve
        self._ready = ready
        #: On the monotonic clock.
        self._slots: list[float] = []
        #: No slot of this process's own making is before.
        self._next_at = 0.0
        self._asked: object | None = None

    def wait_s(self, rate_per_s: float | None, wanted: int) -> float | None:
        """How long to wait for the next attempt, in seconds; 0 when it may begin.

        None when that is not known yet: `wanted` slots have been asked for, and `ready` follows.
        """
        if rate_per_s is None:
            return 0.0
        now = self._clock.monotonic()
        while self._slots and self._slots[0] < now - STALE_S:
            self._slots.pop(0)
        if self._slots:
            return max(0.0, self._slots[0] - now)
        if self._asked is None:
            self._ask(wanted, 1 / rate_per_s)
        return None

    def take(self) -> None:
        """Use the next slot."""
        if self._slots:
            self._slots.pop(0)

    def reset(self) -> None:
        """Give up all slots: the rate is another one, or nothing is to begin for a while."""
        self._slots.clear()
        self._next_at = 0.0
        self._asked = None

    def _ask(self, wanted: int, interval_s: float) -> None:
        asked = self._asked = object()

        def reserved(first_s: float | None) -> None:
            if self._asked is asked:
                self._asked = None
                self._add(first_s, wanted, interval_s)
                self._ready()

        self._reserve(wanted, interval_s, reserved)

    def _add(self, first_s: float | None, count: int, interval_s: float) -> None:
        now = self._clock.monotonic()
        first = max(now, self._next_at) if first_s is None else now + first_s
        self._slots.extend(first + number * interval_s for number in range(count))
        self._next_at = first + count * interval_s
