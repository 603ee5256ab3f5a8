"""Ranges of a filter: a lower and an upper bound of one path make an interval."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TypeAlias

from durian.match.condition import Condition
from durian.match.index.entries import Entry
from durian.match.index.intervals import cells, number_position
from durian.match.index.paths import Path
from durian.match.matchers import After, Before, Between, Gt, Gte, Lt, Lte

#: Lower and upper ends seen so far, as positions.
_Ends: TypeAlias = "tuple[list[int], list[int]]"


def interval_covers(
    pairs: list[tuple[Path, Condition]], skip: Collection[tuple[Path, str]]
) -> Iterator[tuple[Entry, ...]]:
    """Give entries for every path that is bounded on both sides."""
    ends: dict[tuple[Path, str], _Ends] = {}
    for path, condition in pairs:
        for kind, low, high in _bounds(condition):
            if (path, kind) not in skip:
                lows, highs = ends.setdefault((path, kind), ([], []))
                lows += [] if low is None else [low]
                highs += [] if high is None else [high]
    for (path, kind), (lows, highs) in ends.items():
        if lows and highs:
            # Where the ends contradict each other, no value meets them: any cell is right.
            low = max(lows)
            yield tuple(Entry(path, kind, cell) for cell in cells(low, max(low, min(highs))))


def _bounds(condition: Condition) -> Iterator[tuple[str, int | None, int | None]]:
    match condition:
        case Between(low, high):
            yield "number-interval", number_position(low), number_position(high)
        case Gt(bound) | Gte(bound):
            yield "number-interval", number_position(bound), None
        case Lt(bound) | Lte(bound):
            yield "number-interval", None, number_position(bound)
        case After():
            yield "time-interval", condition.bound_ns, None
        case Before():
            yield "time-interval", None, condition.bound_ns
