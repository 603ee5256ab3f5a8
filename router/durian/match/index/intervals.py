"""Ranges with two ends: found by the cells of a grid that is as coarse as the range is long.

Every range lies in at most two neighbouring cells of the finest grid whose cells are no shorter
than the range. A value is looked up in its one cell of every grid in use; what it meets there is
near, and is checked.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from durian.match.index.lookup import Store, TableLookup
from durian.match.index.posting import Item
from durian.match.matchers.times import instant_ns
from durian.match.values import is_number

if TYPE_CHECKING:
    from durian.match.index.place import Place
    from durian.match.index.search import Search

#: Gives a value's position on a line of integers, in the values' order, or None.
Position = Callable[[Any], int | None]


class Intervals(TableLookup):
    """Finds by the cells a value is in."""

    __slots__ = ("_grids", "_position", "_used")

    def __init__(self, store: Store, place: Place, position: Position) -> None:
        super().__init__(store, place)
        self._position = position
        self._used: dict[int, int] = {}
        #: Powers of two: how long the cells of the grids in use are. Replaced as a whole.
        self._grids: tuple[int, ...] = ()

    def insert(self, key: str, argument: str, item: Item) -> None:
        """File under a cell."""
        super().insert(key, argument, item)
        self._count(argument, 1)

    def discard(self, key: str, argument: str, item: Item) -> None:
        """Take away from under a cell."""
        super().discard(key, argument, item)
        self._count(argument, -1)

    def _count(self, argument: str, change: int) -> None:
        grid = int(argument.partition(":")[0])
        self._used[grid] = self._used.get(grid, 0) + change
        if not self._used[grid]:
            del self._used[grid]
        self._grids = tuple(self._used)

    def find(self, value: Any, search: Search) -> None:
        """Look up the value's cell of every grid."""
        at = self._position(value)
        if at is None:
            return
        for grid in self._grids:
            posting = self.store.table.get(f"{self.prefix}{grid}:{at >> grid}")
            if posting is not None:
                search.hits.append(posting)


def cells(low: int, high: int) -> tuple[str, ...]:
    """Give the one or two cells of a range, as arguments of `Intervals`."""
    grid = (high - low).bit_length()
    first, last = low >> grid, high >> grid
    return tuple(f"{grid}:{cell}" for cell in range(first, last + 1))


def number_position(value: Any) -> int | None:
    """Place numbers in the order of their nearest doubles: equal neighbours share a position."""
    if not is_number(value):
        return None
    try:
        double = float(value)
    except OverflowError:
        double = math.inf if value > 0 else -math.inf
    bits: int
    (bits,) = struct.unpack(">q", struct.pack(">d", double))
    # Negative doubles sort backwards by their bits; -0.0 is 0.0.
    return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)


def time_position(value: Any) -> int | None:
    """Place times in their order."""
    return instant_ns(value) if type(value) is str else None
