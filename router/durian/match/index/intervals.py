"""Ranges with two ends, found by the windows of the line of numbers that a value lies in.

Where there are many short ranges windows are short, and a long range would be in too many of them:
it is kept at a next level, whose windows are as long as is good for such.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from durian.match.index.lookup import Ids, Lookup, Store, ids_of
from durian.match.index.posting import Item
from durian.match.index.windows import Range, Windows
from durian.match.matchers.times import instant_ns

if TYPE_CHECKING:
    from durian.match.index.place import Place
    from durian.match.index.search import Search

#: Gives a value as a number to compare with the ends of ranges, or None.
Scale = Callable[[Any], float | None]

#: Integers up to here are doubles as well, and from here on all doubles are integers.
_EXACT = 2**53

#: In an argument: both ends as doubles, and its characters where that is all; what is between ends
#: that are written out, and what is before the level.
_DOUBLES = struct.Struct(">dd")
_SHORT = 2 * _DOUBLES.size
_TO = ".."
_AT = " "


class Intervals(Lookup):
    """Finds by the ranges a value is in."""

    __slots__ = ("_levels", "_scale")

    def __init__(self, store: Store, place: Place, scale: Scale) -> None:
        super().__init__(store, place)
        self._scale = scale
        #: Replaced as a whole.
        self._levels: tuple[Windows, ...] = (Windows(),)

    def put(self, argument: str, item: Item) -> str:
        """File by a range. The key says at which level, if that is not the first."""
        low, high, _ = _read(argument)
        level = self._add((low, high, item))
        return super().put(_at_level(argument, level) if level else argument, item)

    def is_key(self, key: str, argument: str) -> bool:
        """Tell whether a key is of a range, at whatever level."""
        ends = self.prefix + argument
        return key.partition(_AT)[0] == ends

    def refill(self, arguments: list[str], items: list[Ids]) -> list[str]:
        """File many by ranges."""
        keys = []
        for argument, item in zip(arguments, items, strict=True):
            low, high, _ = _read(argument)
            first, *others = ids_of(item)
            level = self._add((low, high, first))
            for each in others:
                self._levels[level].add((low, high, each), anyway=True)
            self.count += 1 + len(others)
            keys.append(self.prefix + _at_level(argument, level))
        return keys

    def discard(self, argument: str, item: Item) -> None:
        """Take away from under a range."""
        low, high, level = _read(argument)
        self._levels[level].remove((low, high, item))

    def compact(self) -> None:
        """Cut the windows as finely as is good."""
        for windows in self._levels:
            windows.compact()

    def find(self, value: Any, search: Search) -> None:
        """Find the ranges that hold the value."""
        number = self._scale(value)
        if number is not None:
            for windows in self._levels:
                windows.find(number, search.hits)

    def _add(self, each: Range) -> int:
        """Add a range at the first level that takes it, and give that."""
        for level, windows in enumerate(self._levels):
            if windows.add(each):
                return level
        windows = Windows()
        windows.add(each)
        self._levels = (*self._levels, windows)
        return len(self._levels) - 1


def interval_key(low: float, high: float, *, no_low: bool = False, no_high: bool = False) -> str:
    """Write a range as an argument of `Intervals`: its ends, and which of them are excluded."""
    if -_EXACT < low < _EXACT and -_EXACT < high < _EXACT:
        # As they are in memory: decimals take many times as long to write and to read.
        first = math.nextafter(low, math.inf) if no_low else low
        return _DOUBLES.pack(first, high if no_high else math.nextafter(high, math.inf)).hex()
    return f"{_written(low, behind=no_low)}{_TO}{_written(high, behind=not no_high)}"


def time_scale(value: Any) -> int | None:
    """Give a time in nanoseconds."""
    return instant_ns(value) if type(value) is str else None


def _written(end: float, *, behind: bool) -> str:
    """Write the first number of a range, or the first behind it."""
    if not -_EXACT < end < _EXACT:
        return str(int(end) + behind)
    return repr(math.nextafter(end, math.inf) if behind else float(end))


def _read(argument: str) -> tuple[float, float, int]:
    """Read the first number of a range, the first behind it, and the level."""
    if len(argument) == _SHORT and _TO not in argument:  # as nearly all are
        first, behind = _DOUBLES.unpack(bytes.fromhex(argument))
        return first, behind, 0
    ends, _, level = argument.partition(_AT)
    if _TO in ends:
        first, behind = map(_number, ends.split(_TO))
    else:
        first, behind = _DOUBLES.unpack(bytes.fromhex(ends))
    return first, behind, int(level) if level else 0


def _number(text: str) -> float:
    return float(text) if "." in text or "e" in text else int(text)


def _at_level(argument: str, level: int) -> str:
    ends = argument.partition(_AT)[0]
    return f"{ends}{_AT}{level}" if level else ends
