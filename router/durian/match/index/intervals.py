"""Ranges with two ends: found by the cells of a grid that is as coarse as the range is long.

Every range lies in at most two neighbouring cells of the finest grid whose cells are no shorter
than the range; of the grids only every third is used, as looking up costs more than comparing. A
value is looked up in its one cell of every grid in use near it; the ranges it meets there are near,
and are compared.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from durian.match.index.lookup import Lookup, Store
from durian.match.index.packed import Packed, Range
from durian.match.index.posting import Item
from durian.match.matchers.times import instant_ns
from durian.match.values import whole

if TYPE_CHECKING:
    from durian.match.index.place import Place
    from durian.match.index.search import Search

#: Gives a value as a number to compare with the ends of ranges, or None.
Scale = Callable[[Any], float | None]

#: Ranges by cell. A list only grows; one that shrinks is replaced.
Cells: TypeAlias = "dict[int, list[Range] | Packed]"

#: Grids, by the power of two that says how long their cells are. Replaced as a whole.
Grids: TypeAlias = "tuple[tuple[int, Cells], ...]"

_NO_LOW, _NO_HIGH = 1, 2

#: Of the grids, each twice as coarse as the one before, one in so many is used.
_EVERY = 3

#: The grid whose cells are zones: of each it is known which finer grids are in use there.
_ZONE = 51

#: Ranges of one cell up to which they are kept one by one.
_FEW = 8

_pack, _unpack = struct.Struct(">d").pack, struct.Struct(">q").unpack


class Intervals(Lookup):
    """Finds by the ranges a value is in."""

    __slots__ = ("_coarse", "_scale", "_zones")

    def __init__(self, store: Store, place: Place, scale: Scale) -> None:
        super().__init__(store, place)
        self._scale = scale
        #: The grids in use in each zone, and those whose cells are longer than one.
        self._zones: dict[int, Grids] = {}
        self._coarse: Grids = ()

    def put(self, argument: str, item: Item) -> str:
        """File by a range."""
        low, high, excluded = _read(argument)
        for at, grid in _cells_of(low, high):
            cells = self._cells(at, grid)
            cell = cells.setdefault(at, [])
            if type(cell) is list and len(cell) >= _FEW:
                cell = cells[at] = Packed(cell)
            cell.append((low, high, excluded, item))
        return super().put(argument, item)

    def discard(self, argument: str, item: Item) -> None:
        """Take away from under a range."""
        low, high, excluded = _read(argument)
        for at, grid in _cells_of(low, high):
            cells = self._cells(at, grid)
            # The same listener may be here with another range, while it is changed.
            left = [each for each in cells[at] if each != (low, high, excluded, item)]
            if left:
                cells[at] = Packed(left) if len(left) > _FEW else left
                continue
            del cells[at]
            if not cells:
                self._forget(at, grid)

    def _cells(self, at: int, grid: int) -> Cells:
        """Give the cells of a grid that are near one of them."""
        zone = at >> (_ZONE - grid) if grid <= _ZONE else None
        grids = self._coarse if zone is None else self._zones.get(zone, ())
        for known, cells in grids:
            if known == grid:
                return cells
        new: Cells = {}
        grids = (*grids, (grid, new))
        if zone is None:
            self._coarse = grids
        else:
            self._zones[zone] = grids
        return new

    def _forget(self, at: int, grid: int) -> None:
        if grid > _ZONE:
            self._coarse = tuple(each for each in self._coarse if each[0] != grid)
            return
        zone = at >> (_ZONE - grid)
        self._zones[zone] = tuple(each for each in self._zones[zone] if each[0] != grid)
        if not self._zones[zone]:
            del self._zones[zone]

    def find(self, value: Any, search: Search) -> None:
        """Compare with the ranges in the value's cell of every grid."""
        number = self._scale(value)
        if number is None:
            return
        at = position(number)
        for grid, cells in self._zones.get(at >> _ZONE, ()) + self._coarse:
            cell = cells.get(at >> grid, ())
            if type(cell) is Packed:
                search.hits += cell.find(number)
                cell = cell.others
            for low, high, excluded, item in cell:
                if low <= number <= high and not (
                    excluded and _at_end(number, low, high, excluded)
                ):
                    search.hits.append(item)


def interval_key(low: float, high: float, *, no_low: bool = False, no_high: bool = False) -> str:
    """Write a range as an argument of `Intervals`: its ends, and which of them are excluded."""
    return f"{whole(low)!r} {whole(high)!r} {no_low * _NO_LOW | no_high * _NO_HIGH}"


def _read(argument: str) -> tuple[float, float, int]:
    low, high, excluded = argument.split(" ")
    return _number(low), _number(high), int(excluded)


def _number(text: str) -> float:
    return float(text) if "." in text or "e" in text else int(text)


def position(number: float) -> int:
    """Place numbers on a line of integers in their order, that of their nearest doubles.

    Integers that no double can be near to are placed at the ends: order is all that matters.
    """
    try:
        double = float(number)
    except OverflowError:
        double = math.inf if number > 0 else -math.inf
    bits: int
    (bits,) = _unpack(_pack(double))
    # Negative doubles sort backwards by their bits; -0.0 is 0.0.
    return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)


def time_scale(value: Any) -> int | None:
    """Give a time in nanoseconds."""
    return instant_ns(value) if type(value) is str else None


def _cells_of(low: float, high: float) -> list[tuple[int, int]]:
    """Give the cells that a range is in: which one, and of which grid."""
    # Where the ends contradict each other no value is between them: any cell will do.
    first, last = position(low), position(high)
    grid = -(-max(last - first, 0).bit_length() // _EVERY) * _EVERY
    return [(at, grid) for at in range(first >> grid, (max(first, last) >> grid) + 1)]


def _at_end(number: float, low: float, high: float, excluded: int) -> bool:
    """Tell whether a number is one of the ends that are excluded."""
    return bool((excluded & _NO_LOW and number == low) or (excluded & _NO_HIGH and number == high))
