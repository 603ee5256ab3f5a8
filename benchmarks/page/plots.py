"""Two kinds of plots, as SVG: bars, and lines between logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

from benchmarks.support import readable

#: Points; a browser scales them. Letters are about half as wide as they are high.
_WIDTH = 640
_FONT = 14
_LABEL_WIDTH = 190
_BAR, _GAP = 24, 12
_PLOT_HEIGHT = 300
_MARGIN = 60

#: Dark on light in any page, and two colours that most people tell apart.
_INK, _PAPER, _FIRST, _SECOND = "#222222", "#ffffff", "#4c72b0", "#c44e52"


def bars(title: str, values: Mapping[str, float]) -> str:
    """One bar for each value, with what it is worth."""
    most = max(values.values())
    room = _WIDTH - _LABEL_WIDTH - 80
    pieces = []
    for number, (label, value) in enumerate(values.items()):
        top = 50 + number * (_BAR + _GAP)
        width = value / most * room
        pieces += [
            _text(_LABEL_WIDTH - 10, top + 17, label, "end"),
            _bar(top, width),
            _text(_LABEL_WIDTH + width + 8, top + 17, readable(value)),
        ]
    return _svg(title, 50 + len(values) * (_BAR + _GAP) + 10, pieces)


def lines(title: str, series: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """One line for each series of points (x, y); both axes are logarithmic."""
    points = [point for each in series.values() for point in each]
    place_x = _scale([x for x, _ in points], _MARGIN + 20, _WIDTH - _MARGIN)
    place_y = _scale([y for _, y in points], 40 + _PLOT_HEIGHT, 70)
    pieces = []
    for (label, each), colour in zip(series.items(), (_SECOND, _FIRST), strict=True):
        path = " ".join(f"{place_x(x):.1f},{place_y(y):.1f}" for x, y in each)
        pieces.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="3"/>')
        pieces += [_text(place_x(x), place_y(y) - 10, readable(y), "middle") for x, y in each]
        x, y = each[len(each) // 2]
        pieces.append(_text(place_x(x), place_y(y) + 24, label, "middle", colour))
    for x in sorted({x for x, _ in points}):
        pieces.append(_text(place_x(x), _PLOT_HEIGHT + 90, readable(x), "middle"))
    return _svg(title, _PLOT_HEIGHT + 110, pieces)


def _bar(top: float, width: float) -> str:
    size = f'width="{width:.1f}" height="{_BAR}"'
    return f'<rect x="{_LABEL_WIDTH}" y="{top}" {size} fill="{_FIRST}"/>'


def _scale(values: Sequence[float], start: float, end: float) -> Callable[[float], float]:
    low, high = math.log10(min(values)), math.log10(max(values))
    return lambda value: start + (math.log10(value) - low) / (high - low) * (end - start)


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = _INK) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}">{escape(text)}</text>'


def _svg(title: str, height: int, pieces: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" font-family="sans-serif" font-size="{_FONT}">'
    )
    paper = f'<rect width="{_WIDTH}" height="{height}" fill="{_PAPER}"/>'
    heading = f'<text x="16" y="28" font-size="16" fill="{_INK}">{escape(title)}</text>'
    told = f"<title>{escape(title)}</title>"
    return "\n".join([head, told, paper, heading, *pieces, "</svg>"]) + "\n"
