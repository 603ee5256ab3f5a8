"""Windows: a line of numbers, cut where ranges end, so that a number's are found by bisection.

Who goes on through a whole window is found without a look; those that end within one are compared.
Where few go on, a window is cut at every end, and there is nobody to compare. Where many do, it has
as many ends as go on, so that each range is in a few windows (Chazelle's filtering search, 1986).
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import TypeAlias

from durian.match.index.posting import Item, Posting

#: Low end, high end, which itself is not in the range, and who is filed.
Range: TypeAlias = "tuple[float, float, Item]"

#: How many may go on for a window to be cut at every end.
_FINE = 12

#: Ends in any other new window, at least.
_COARSE = 16

#: Windows that a range may be in.
_WIDE = 32

#: Ranges with an end in one window at which it is cut.
_MANY = 256


class Window:
    """Ranges of which some end within, for a reader to look through while one is added."""

    __slots__ = ("_highs", "_items", "_limit", "_lows", "through")

    def __init__(self, through: Iterable[Item], ranges: Iterable[Range] = ()) -> None:
        #: Who goes on through all of it.
        self.through = list(through)
        self._lows: list[float] = []
        self._highs: list[float] = []
        self._items: list[Item] = []
        self._limit = _MANY
        for each in ranges:
            self.add(each)
        # What was just cut and is still so large ends at the same numbers.
        self._limit = max(_MANY, 2 * len(self._lows))

    def __iter__(self) -> Iterator[Range]:
        return zip(self._lows, self._highs, self._items, strict=True)

    def add(self, each: Range) -> bool:
        """Add a range that ends within, and tell whether they are too many now."""
        low, high, item = each
        # The low end last: readers go by them, and find the rest.
        self._items.append(item)
        self._highs.append(high)
        self._lows.append(low)
        return len(self._lows) >= self._limit

    def find(self, number: float, hits: list[Posting]) -> None:
        """Add those whose range holds a number, one that lies in the window."""
        hits += self.through
        items, highs = self._items, self._highs
        hits += [items[at] for at, low in enumerate(self._lows) if low <= number < highs[at]]


#: A window that no range ends within is a tuple of who goes on through it.
AnyWindow: TypeAlias = "Window | tuple[Item, ...]"


class Windows:
    """Ranges that go on through few windows each."""

    __slots__ = ("_state",)

    def __init__(self) -> None:
        #: Where each window starts, in order, and the windows. Replaced as a whole.
        self._state: tuple[list[float], list[AnyWindow]] = ([-math.inf], [()])

    def add(self, each: Range, *, anyway: bool = False) -> bool:
        """Add a range, or tell that it would be in too many windows."""
        # As `_span` says: a million ranges pass here.
        low, high, item = each
        starts = self._state[0]
        first = bisect_right(starts, low) - 1
        last = bisect_left(starts, high) - 1 if low < high else first - 1
        if last > first:
            if last - first >= _WIDE and not anyway:
                return False
            windows = self._state[1]
            for at in range(first + 1, last):
                windows[at] = _wider(windows[at], item)
            if self._within(last).add(each):
                self._cut(last)
        if last >= first and self._within(first).add(each):
            self._cut(first)
        return True

    def remove(self, gone: Range) -> None:
        """Take a range away."""
        first, last = self._span(gone[0], gone[1])
        windows = self._state[1]
        for at in range(first, last + 1):
            windows[at] = _without(windows[at], gone)

    def compact(self) -> None:
        """Cut as finely as is good."""
        starts: list[float] = []
        windows: list[AnyWindow] = []
        old = self._state[0]
        for start, end, window in zip(old, (*old[1:], math.inf), self._state[1], strict=True):
            some = _lay(_ending(window), start, end, _through(window), fine=True)
            starts += some[0]
            windows += some[1]
        self._state = (starts, windows)

    def find(self, number: float, hits: list[Posting]) -> None:
        """Add those whose range holds a number."""
        starts, windows = self._state
        window = windows[bisect_right(starts, number) - 1]
        if isinstance(window, Window):
            window.find(number, hits)
        else:
            hits += window

    def _span(self, low: float, high: float) -> tuple[int, int]:
        """Give the first and the last window that a range is in; none when its ends contradict."""
        starts = self._state[0]
        first = bisect_right(starts, low) - 1
        return first, bisect_left(starts, high) - 1 if low < high else first - 1

    def _within(self, at: int) -> Window:
        """Give a window for a range to end within it."""
        windows = self._state[1]
        window = windows[at]
        if not isinstance(window, Window):
            window = windows[at] = Window(window)
        return window

    def _cut(self, at: int) -> None:
        """Cut a window in which too many ranges end."""
        starts, windows = self._state
        window = windows[at]
        end = starts[at + 1] if at + 1 < len(starts) else math.inf
        some = _lay(_ending(window), starts[at], end, _through(window), fine=False)
        starts = starts[:at] + some[0] + starts[at + 1 :]
        self._state = (starts, windows[:at] + some[1] + windows[at + 1 :])


def _through(window: AnyWindow) -> Sequence[Item]:
    """Give who goes on through a window."""
    return window.through if isinstance(window, Window) else window


def _ending(window: AnyWindow) -> list[Range]:
    """Give the ranges that end within a window."""
    return list(window) if isinstance(window, Window) else []


def _wider(window: AnyWindow, item: Item) -> AnyWindow:
    """Give a window with one more who goes on through it."""
    if not isinstance(window, Window):
        return (*window, item)
    window.through.append(item)
    return window


def _without(window: AnyWindow, gone: Range) -> AnyWindow:
    """Give a window without a range that ends within it or goes on through it."""
    ranges, items = _ending(window), list(_through(window))
    if gone in ranges:
        ranges.remove(gone)
    else:
        items.remove(gone[2])
    return Window(items, ranges) if ranges else tuple(items)


def _lay(
    ranges: Sequence[Range], start: float, end: float, going: Sequence[Item], *, fine: bool
) -> tuple[list[float], list[AnyWindow]]:
    """Cut what is between start and end into windows, for the ranges that end there.

    `going` are those who go on through all of it. Gives where each window starts, and the windows.
    """
    starts: list[float] = [start]
    windows: list[AnyWindow] = []
    through: dict[int, Item] = {}
    begun: dict[int, Item] = {}
    within: list[Range] = []
    ends, more, few = 0, len(going), _FINE if fine else -1
    for at, number in _ends(ranges):
        if at >= end:
            break
        if at > start:
            ends += 1
            # Where few go on each end is enough; else there are as many as go on.
            on = more + len(through)
            if on <= few or (ends >= on and ends >= _COARSE):
                windows.append(_window((*going, *through.values()), within))
                starts.append(at)
                start = at
                through |= begun
                begun, within, ends = {}, [], 0
        if number < 0:
            if through.pop(~number, None) is not None and at > start:
                within.append(ranges[~number])
            begun.pop(~number, None)
        elif at > start:
            begun[number] = ranges[number][2]
            within.append(ranges[number])
        else:
            through[number] = ranges[number][2]
    windows.append(_window((*going, *through.values()), within))
    return starts, windows


def _ends(ranges: Sequence[Range]) -> list[tuple[float, int]]:
    """Give the ends of ranges in order, and whose each is: a low one's number, a high one's `~`."""
    lows = [(low, number) for number, (low, _, _) in enumerate(ranges)]
    highs = [(high, ~number) for number, (_, high, _) in enumerate(ranges)]
    return sorted(lows + highs, key=itemgetter(0))


def _window(through: tuple[Item, ...], within: list[Range]) -> AnyWindow:
    return Window(through, within) if within else through
