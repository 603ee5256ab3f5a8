"""Numbers and moments as people read them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

#: What stands where there is nothing to be told.
NOTHING: Final = "\u2013"

_HOUR_S: Final = 3600
_PER: Final = ((1, "s"), (60, "min"), (_HOUR_S, "h"))

#: From here on tenths tell nothing.
_PLAIN: Final = 10

_SECOND_MS: Final = 1000
_MINUTE_S: Final = 60
_KIB: Final = 1024

#: Commands between backticks, and moments as explanations write them.
_WITHIN: Final = re.compile(r"`(?P<code>[^`]+)`|(?P<moment>\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ)")

_UNITS_S: Final = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def count(number: float | None) -> str:
    """A number of things: `12,345`."""
    return NOTHING if number is None else f"{number:,.0f}"


def rate(per_s: float | None) -> str:
    """So many a second, or a minute or an hour when that is seldom: `3.2 /s`, `4 /min`."""
    if per_s is None:
        return NOTHING
    unit, number = next(
        ((unit, per_s * seconds) for seconds, unit in _PER if per_s * seconds >= 1),
        ("h", per_s * _HOUR_S),
    )
    is_plain = number >= _PLAIN or number == int(number)
    return f"{number:,.0f} /{unit}" if is_plain else f"{number:.1f} /{unit}"


def percent(share: float | None) -> str:
    """A share: `99.3 %`; rounded down, so that only all of them are `100 %`."""
    if share is None:
        return NOTHING
    tenths = int(share * 1000 + 1e-9)
    return f"{tenths // 10} %" if tenths % 10 == 0 else f"{tenths / 10:.1f} %"


def milliseconds(ms: float | None) -> str:
    """A latency: `120 ms`, `1.2 s`."""
    if ms is None:
        return NOTHING
    if ms < _SECOND_MS:
        return f"{ms:.0f} ms"
    seconds = ms / _SECOND_MS
    return f"{seconds:.1f} s" if seconds < _MINUTE_S else span(seconds)


def span(seconds: float) -> str:
    """A length of time, in the largest unit that fits: `5 min`."""
    size, unit = next(((size, unit) for size, unit in _UNITS_S if seconds >= size), (1, "s"))
    return f"{seconds / size:.0f} {unit}"


def schedule(waits_s: tuple[float, ...]) -> str:
    """Waits, one before each attempt: `0 s, 5 s, 5 min`."""
    return ", ".join(span(wait) for wait in waits_s)


def size(number: int) -> str:
    """Bytes: `512 B`, `1.5 KiB`."""
    if number < _KIB:
        return f"{number} B"
    kib = number / _KIB
    return f"{kib:.1f} KiB" if kib < _KIB else f"{kib / _KIB:.1f} MiB"


def moment(at: float | datetime | None) -> datetime | None:
    """A moment that is given in seconds since the epoch, or as what it is."""
    return datetime.fromtimestamp(at, UTC) if isinstance(at, int | float) else at


def iso(at: float | datetime | None) -> str:
    """A moment for machines (RFC 3339)."""
    found = moment(at)
    return "" if found is None else found.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc(at: float | datetime | None) -> str:
    """A moment for people, where no script tells it by their own clock."""
    found = moment(at)
    return NOTHING if found is None else f"{found.day} {found:%b %Y %H:%M:%S} UTC"


def clock(at: float) -> str:
    """An hour and a minute."""
    return f"{moment(at):%H:%M}"


def pretty(value: Any) -> str:
    """A JSON value on several lines."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def compact(value: Any) -> str:
    """A JSON value on one line."""
    return json.dumps(value, ensure_ascii=False, default=str)


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """Take a sentence apart into its `text`, and the `code` and `moment`s within."""
    end = 0
    for found in _WITHIN.finditer(text):
        yield "text", text[end : found.start()]
        kind = "code" if found["code"] else "moment"
        yield kind, found[kind].replace(" ", "T") if kind == "moment" else found[kind]
        end = found.end()
    yield "text", text[end:]


#: By the names that templates know them under.
FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "count": count,
    "rate": rate,
    "percent": percent,
    "milliseconds": milliseconds,
    "span": span,
    "schedule": schedule,
    "size": size,
    "iso": iso,
    "utc": utc,
    "clock": clock,
    "pretty": pretty,
    "compact": compact,
}

#: What templates call, or put in where there is nothing.
GLOBALS: Final[Mapping[str, Any]] = {
    "nothing": NOTHING,
    "counted": count,
    "in_milliseconds": milliseconds,
    "pieces": pieces,
}
