"""Ranges with two ends: found by the cells of a grid that is as coarse as the range is long.

Every range lies in at most two neighbouring cells of the finest grid whose cells are no shorter
than the range; of the grids only every third is used, as looking up costs more than comparing. A
value is looked up in its one cell of every grid in use; the ranges it meets there are near, and are
compared.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from durian.match.index.lookup import Lookup, Store
from durian.match.index.posting import Item
from durian.match.matchers.times import instant_ns
from durian.match.values import whole

if TYPE_CHECKING:
    from durian.match.index.place import Place
    from durian.match.index.search import Search

#: Gives a value as a number to compare with the ends of ranges, or None.
Scale = Callable[[Any], float | None]

#: Low end, high end, which of them are excluded (bits), and who is filed.
Range = tuple[float, float, int, Item]

_NO_LOW, _NO_HIGH = 1, 2

#: Of the grids, each twice as coarse as the one before, one in so many is used.
_EVERY = 3

#: Bits of a cell's key that hold the grid: doubles have 64, times since year 1 fewer than 80.
_GRID_BITS = 7


class Intervals(Lookup):
    """Finds by the ranges a value is in."""

    __slots__ = ("_cells", "_grids", "_scale", "_used")

    def __init__(self, store: Store, place: Place, scale: Scale) -> None:
        super().__init__(store, place)
        self._scale = scale
        #: Ranges by cell. A list only grows; one that shrinks is replaced.
        self._cells: dict[int, list[Range]] = {}
        self._used: dict[int, int] = {}
        #: Powers of two: how long the cells of the grids in use are. Replaced as a whole.
        self._grids: tuple[int, ...] = ()

    def put(self, argument: str, item: Item) -> str:
        """File by a range."""
        low, high, excluded = json.loads(argument)
        for cell in _cells_of(low, high):
            self._cells.setdefault(cell, []).append((low, high, excluded, item))
            self._count(cell, 1)
        return super().put(argument, item)

    def discard(self, argument: str, item: Item) -> None:
        """Take away from under a range."""
        low, high, excluded = json.loads(argument)
        for cell in _cells_of(low, high):
            # The same listener may be here with another range, while it is changed.
            left = [each for each in self._cells[cell] if each != (low, high, excluded, item)]
            if left:
                self._cells[cell] = left
            else:
                del self._cells[cell]
            self._count(cell, -1)

    def _count(self, cell: int, change: int) -> None:
        grid = cell & ((1 << _GRID_BITS) - 1)
        before = self._used.get(grid, 0)
        self._used[grid] = before + change
        if not self._used[grid]:
            del self._used[grid]
        if not before or grid not in self._used:
            self._grids = tuple(self._used)

    def find(self, value: Any, search: Search) -> None:
        """Compare with the ranges in the value's cell of every grid."""
        number = self._scale(value)
        if number is None:
            return
        at = position(number)
        cells, hits = self._cells, search.hits
        for grid in self._grids:
            for low, high, excluded, item in cells.get((at >> grid) << _GRID_BITS | grid, ()):
                if low <= number <= high and not (
                    excluded and _at_end(number, low, high, excluded)
                ):
                    hits.append(item)


def interval_key(low: float, high: float, *, no_low: bool = False, no_high: bool = False) -> str:
    """Write a range as an argument of `Intervals`: its ends, and which of them are excluded."""
    return json.dumps([whole(low), whole(high), no_low * _NO_LOW | no_high * _NO_HIGH])


def position(number: float) -> int:
    """Place numbers on a line of integers in their order, that of their nearest doubles.

    Integers that no double can be near to are placed at the ends: order is all that matters.
    """
    try:
        double = float(number)
    except OverflowError:
        double = math.inf if number > 0 else -math.inf
    bits: int
    (bits,) = struct.unpack(">q", struct.pack(">d", double))
    # Negative doubles sort backwards by their bits; -0.0 is 0.0.
    return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)


def time_scale(value: Any) -> int | None:
    """Give a time in nanoseconds."""
    return instant_ns(value) if type(value) is str else None


def _cells_of(low: float, high: float) -> Iterator[int]:
    # Where the ends contradict each other no value is between them: any cell will do.
    first, last = position(low), max(position(low), position(high))
    grid = -(-(last - first).bit_length() // _EVERY) * _EVERY
    for cell in range(first >> grid, (last >> grid) + 1):
        yield cell << _GRID_BITS | grid


def _at_end(number: float, low: float, high: float, excluded: int) -> bool:
    """Tell whether a number is one of the ends that are excluded."""
    return bool((excluded & _NO_LOW and number == low) or (excluded & _NO_HIGH and number == high))
