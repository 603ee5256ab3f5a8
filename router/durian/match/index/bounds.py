"""Ranges with one end: kept in the order of their bounds, so that those met are one slice.

New bounds go to a short list first, which is copied for each; now and then it is merged into the
long one. Readers always see whole lists.
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from durian.match.index.lookup import Ids, Lookup, Store, ids_of
from durian.match.index.posting import Item
from durian.match.values import whole

if TYPE_CHECKING:
    from durian.match.index.place import Place
    from durian.match.index.search import Search

#: Gives a value as a number to compare bounds with, or None.
Scale = Callable[[Any], float | None]
#: A bound, and its rank among equals.
Bound = tuple[float, int]
Run = tuple[list[Bound], list[Item]]

#: New bounds that are kept apart at least; a share of the old ones may be as well.
_APART = 256
_SHARE = 32


class Bounds(Lookup):
    """Finds by how a value compares with each of many bounds."""

    __slots__ = ("_runs", "_scale", "_upper")

    def __init__(self, store: Store, place: Place, scale: Scale, *, upper: bool) -> None:
        super().__init__(store, place)
        self._scale = scale
        self._upper = upper
        #: The short run and the long one. Replaced as a whole, so that readers see each item once.
        self._runs: tuple[Run, Run] = (([], []), ([], []))

    def put(self, argument: str, item: Item) -> str:
        """File by a bound."""
        short, long = self._runs
        short = _inserted(short, _parse(argument), item)
        size = len(short[0])
        if size > _APART and size * _SHARE > len(long[0]):
            short, long = ([], []), _merged(long, short)
        self._runs = (short, long)
        return super().put(argument, item)

    def refill(self, arguments: list[str], items: list[Ids]) -> list[str]:
        """File many by bounds."""
        pairs = list(zip(arguments, items, strict=True))
        bounds = [_parse(argument) for argument, item in pairs for _ in ids_of(item)]
        ids: list[Item] = [each for item in items for each in ids_of(item)]
        self._runs = (self._runs[0], _merged(self._runs[1], (bounds, ids)))
        self.count += len(ids)
        return [self.prefix + argument for argument in arguments]

    def discard(self, argument: str, item: Item) -> None:
        """Take away from under a bound."""
        bound = _parse(argument)
        short, long = self._runs
        left = _deleted(short, bound, item)
        self._runs = (short, _deleted(long, bound, item) or long) if left is None else (left, long)

    def find(self, value: Any, search: Search) -> None:
        """Take the slice of bounds on the value's side."""
        at = self._scale(value)
        if at is None:
            return
        for bounds, items in self._runs:
            end = bisect.bisect_right(bounds, (at, 0))
            search.hits += items[end:] if self._upper else items[:end]


def bound_key(bound: float, *, upper: bool, included: bool) -> str:
    """Write a bound as an argument of `Bounds`.

    The rank puts it on the right side of an equal value, which is looked up as rank 0.
    """
    return json.dumps([whole(bound), int(included is upper)])


def _parse(argument: str) -> Bound:
    bound, rank = json.loads(argument)
    return bound, rank


def _inserted(run: Run, bound: Bound, item: Item) -> Run:
    bounds, items = run[0].copy(), run[1].copy()
    at = bisect.bisect_right(bounds, bound)
    bounds.insert(at, bound)
    items.insert(at, item)
    return bounds, items


def _deleted(run: Run, bound: Bound, item: Item) -> Run | None:
    bounds, items = run
    for at in range(bisect.bisect_left(bounds, bound), bisect.bisect_right(bounds, bound)):
        if items[at] is item or items[at] == item:
            return bounds[:at] + bounds[at + 1 :], items[:at] + items[at + 1 :]
    return None


def _merged(left: Run, right: Run) -> Run:
    bounds, items = left[0] + right[0], left[1] + right[1]
    order = sorted(range(len(bounds)), key=bounds.__getitem__)
    return [bounds[at] for at in order], [items[at] for at in order]
