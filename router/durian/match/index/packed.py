"""Packed ranges: many of one cell, with their ends side by side in memory.

A value is compared with all ranges of its cell, and most do not hold it: reading their ends from
objects all over the memory takes several times as long as comparing.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from durian.match.index.posting import Item

#: Low end, high end, which of them are excluded (bits), and who is filed.
Range: TypeAlias = "tuple[float, float, int, Item]"

#: Integers up to here, and down to its opposite, are doubles as well.
_EXACT = 2**53


class Packed:
    """Ranges that a reader may look through while one is appended."""

    __slots__ = ("_highs", "_items", "_lows", "others")

    def __init__(self, ranges: Iterable[Range]) -> None:
        self._lows = array("d")
        self._highs = array("d")
        self._items: list[Item] = []
        #: Those with an end that is excluded, or is no double.
        self.others: list[Range] = []
        for each in ranges:
            self.append(each)

    def __iter__(self) -> Iterator[Range]:
        for low, high, item in zip(self._lows, self._highs, self._items, strict=True):
            yield low, high, 0, item
        yield from self.others

    def append(self, each: Range) -> None:
        """Add a range."""
        low, high, excluded, item = each
        if excluded or not (_is_double(low) and _is_double(high)):
            self.others.append(each)
            return
        # The low end last: readers go by them, and find the rest.
        self._items.append(item)
        self._highs.append(high)
        self._lows.append(low)

    def find(self, number: float) -> list[Item]:
        """Give those whose range holds a number, without the others."""
        items, highs = self._items, self._highs
        return [items[at] for at, low in enumerate(self._lows) if low <= number <= highs[at]]


def _is_double(end: float) -> bool:
    return type(end) is float or -_EXACT <= end <= _EXACT
