"""Plots as shapes: columns, lines and the marks on their axes, in the units of an SVG's view box.

Labels are no part of the picture, which browsers stretch: they are HTML beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

#: The view box of every plot; browsers stretch it to the room there is.
WIDTH: Final = 1000.0
HEIGHT: Final = 100.0

#: Lines across a plot, the ground not counted.
_GRID: Final = 2

#: Numbers of a scale's top, times a power of ten, so that its half is a plain number as well.
_TOPS: Final = (1.0, 2.0, 4.0, 6.0, 8.0, 10.0)

#: The least top of a scale of whole numbers, so that its half is one as well.
_LEAST: Final = 2

#: Share of a column's room that stays empty.
_GAP: Final = 0.25

#: Moments that are named below a plot.
_MARKS: Final = 5


#: The start of a span, in seconds since the epoch, and its values.
Found = tuple[float, tuple[float | None, ...]]


@dataclass(frozen=True, slots=True)
class Spot:
    """One span of a plot: where it is, and what is said of it."""

    x: float
    width: float
    start: float
    #: Its values, in the order of the plot's paths.
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A plot."""

    #: One for each kind of value, as an SVG path.
    paths: Sequence[str]
    #: How wide the strokes are of which columns are made.
    stroke: float
    spots: Sequence[Spot]
    #: The values at the top and at each line across below it, the ground last.
    scale: Sequence[float]
    #: Moments below it, evenly spread, in seconds since the epoch.
    marks: Sequence[float]
    is_empty: bool

    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True, slots=True)
class Grid:
    """Spans of equal length that follow one another."""

    since: float
    step_s: float
    count: int

    def spread(self, found: Sequence[Found], kinds: int) -> list[tuple[float | None, ...]]:
        """Put values, each with the start of its span, into their places."""
        places: list[tuple[float | None, ...]] = [(None,) * kinds] * self.count
        for start, values in found:
            place = int((start - self.since) // self.step_s)
            if 0 <= place < self.count:
                places[place] = values
        return places

    def start(self, place: int) -> float:
        """When a span begins."""
        return self.since + place * self.step_s


def columns(grid: Grid, found: Sequence[Found], kinds: int) -> Plot:
    """Draw columns of whole numbers, the kinds of values on top of one another."""
    spread = grid.spread(found, kinds)
    most = max((sum(value or 0 for value in values) for values in spread), default=0)
    top = _top(max(most, _LEAST))
    room = WIDTH / grid.count
    paths = [""] * kinds
    for place, values in enumerate(spread):
        x, y = room * (place + 0.5), HEIGHT
        for kind, value in enumerate(values):
            if value:
                height = max(value / top * HEIGHT, 1.0)
                paths[kind] += f"M{_n(x)} {_n(y)}v-{_n(height)}"
                y -= height
    return _plot(grid, spread, paths, top, stroke=room * (1 - _GAP))


def lines(grid: Grid, found: Sequence[Found], kinds: int) -> Plot:
    """Draw lines, one for each kind of value; where there is none, they stop."""
    spread = grid.spread(found, kinds)
    top = _top(max((value or 0 for values in spread for value in values), default=0))
    room = WIDTH / grid.count
    paths = [
        _line([values[kind] for values in spread], lambda value: HEIGHT * (1 - value / top), room)
        for kind in range(kinds)
    ]
    return _plot(grid, spread, paths, top, stroke=0)


def _plot(
    grid: Grid,
    spread: Sequence[tuple[float | None, ...]],
    paths: Sequence[str],
    top: float,
    *,
    stroke: float,
) -> Plot:
    room = WIDTH / grid.count
    length = grid.count * grid.step_s
    return Plot(
        paths=paths,
        stroke=round(stroke, 2),
        spots=[
            Spot(round(place * room, 2), round(room, 2), grid.start(place), values)
            for place, values in enumerate(spread)
        ],
        scale=[top * (_GRID - line) / _GRID for line in range(_GRID + 1)],
        marks=[grid.since + length * mark / (_MARKS - 1) for mark in range(_MARKS)],
        is_empty=not any(paths),
    )


def _line(values: Sequence[float | None], y_of: Callable[[float], float], room: float) -> str:
    path, drawing = "", False
    for place, value in enumerate(values):
        if value is None:
            drawing = False
            continue
        x, y = _n(room * (place + 0.5)), _n(y_of(value))
        # A span alone is a short stroke: nothing else would be seen of it.
        path += f"L{x} {y}" if drawing else f"M{x} {y}h0.01"
        drawing = True
    return path


def _top(most: float) -> float:
    """The top of a scale that holds a value."""
    if most <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return next(top * power for top in _TOPS if top * power >= most)


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
