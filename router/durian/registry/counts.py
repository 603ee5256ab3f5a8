"""Counts of attempts: how many, with which results, and how long they took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from durian.registry.attempt import RESULTS

#: Upper bounds of the buckets of latencies, in milliseconds; the last bucket has none. Each is
#: twice the one before, so that a quantile is told within a third of what it is.
BUCKETS_MS: tuple[int, ...] = tuple(5 * 2**step for step in range(15))

_NO_RESULTS = (0,) * len(RESULTS)
_NO_LATENCIES = (0,) * (len(BUCKETS_MS) + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What came of the attempts in a span of time."""

    #: How many had each result, in the order of RESULTS.
    results: Sequence[int] = _NO_RESULTS
    #: How many took how long: one for each bucket.
    latencies: Sequence[int] = _NO_LATENCIES

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            results=tuple(map(sum, zip(self.results, other.results, strict=True))),
            latencies=tuple(map(sum, zip(self.latencies, other.latencies, strict=True))),
        )

    @property
    def attempts(self) -> int:
        """How many there were."""
        return sum(self.results)

    @property
    def delivered(self) -> int:
        """How many were answered with 2xx."""
        return self.results[0]

    @property
    def success_rate(self) -> float | None:
        """The share of them that was; None when there were none."""
        return self.delivered / self.attempts if self.attempts else None

    def quantile_ms(self, share: float) -> float | None:
        """The latency that a share of them did not exceed, in milliseconds; None without any."""
        wanted = share * self.attempts
        passed = 0
        for bucket, count in enumerate(self.latencies):
            if count and passed + count >= wanted:
                low = BUCKETS_MS[bucket - 1] if bucket else 0
                high = BUCKETS_MS[min(bucket, len(BUCKETS_MS) - 1)]
                return low + (high - low) * (wanted - passed) / count
            passed += count
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Counts of a span of time."""

    #: When it begins, in seconds since the epoch.
    start: float
    counts: Counts = field(default_factory=Counts)
