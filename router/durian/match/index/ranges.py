"""Ranges of a filter: all bounds of one path together make an interval."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from durian.match.condition import Condition
from durian.match.index.entries import Entry
from durian.match.index.intervals import interval_key
from durian.match.index.paths import Path
from durian.match.matchers import After, Before, Between, Gt, Gte, Lt, Lte

#: An end of a range, and whether it is excluded.
End = tuple[float, bool]


@dataclass(slots=True)
class _Ends:
    """The ends that are asked for at one path, and how many conjuncts ask for them."""

    lows: list[End] = field(default_factory=list)
    highs: list[End] = field(default_factory=list)
    asked: int = 0


def interval_covers(
    pairs: list[tuple[Path, Condition]], skip: Collection[tuple[Path, str]]
) -> Iterator[tuple[Entry, int]]:
    """Give an entry for every path bounded on both sides, and how many conjuncts it answers."""
    ends: dict[tuple[Path, str], _Ends] = {}
    for path, condition in pairs:
        kind, lows, highs = _bounds(condition)
        if kind and (path, kind) not in skip:
            at = ends.setdefault((path, kind), _Ends())
            at.lows += lows
            at.highs += highs
            at.asked += 1
    for (path, kind), at in ends.items():
        if at.lows and at.highs:
            # Of equal ends, the excluded one says more.
            low, no_low = max(at.lows)
            high, no_high = min(at.highs, key=lambda end: (end[0], not end[1]))
            key = interval_key(low, high, no_low=no_low, no_high=no_high)
            yield Entry(path, kind, key), at.asked


def _bounds(condition: Condition) -> tuple[str, list[End], list[End]]:
    match condition:
        case Between(low, high):
            return "number-interval", [(low, False)], [(high, False)]
        case Gt(bound) | Gte(bound):
            return "number-interval", [(bound, isinstance(condition, Gt))], []
        case Lt(bound) | Lte(bound):
            return "number-interval", [], [(bound, isinstance(condition, Lt))]
        case After():
            return "time-interval", [(condition.bound_ns, True)], []
        case Before():
            return "time-interval", [], [(condition.bound_ns, True)]
    return "", [], []
