"""A histogram: how many of many things took how long."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

#: Upper bounds in seconds for what a machine does while somebody waits: each about twice the one
#: before, so that a quantile is told within a third of what it is.
DURATIONS_S: Final = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
)  # fmt: skip


class Histogram:
    """Counts values in buckets; `bounds` are the buckets' upper ends, the last has none."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float] = DURATIONS_S) -> None:
        self.bounds = tuple(bounds)
        #: How many values each bucket has, by itself.
        self.counts = [0] * (len(self.bounds) + 1)
        #: The sum of all values.
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value
