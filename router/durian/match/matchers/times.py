"""Matchers of points in time, written as RFC 3339 has it: `2026-02-28T23:59:60.5+02:00`."""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from durian.errors import InvalidFilter
from durian.match.condition import Matcher

_FORM = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))",
    re.ASCII,
)

_SECOND_NS = 1_000_000_000


def instant_ns(text: str) -> int | None:
    """Give nanoseconds since year 1 in UTC, or None when the text is no RFC 3339 time.

    Digits past nanoseconds are dropped. A leap second is the first of the next minute.
    """
    parts = _FORM.fullmatch(text)
    if parts is None:
        return None
    year, month, day, hour, minute, second = map(int, parts.group(1, 2, 3, 4, 5, 6))
    offset_hour, offset_minute = int(parts[9] or 0), int(parts[10] or 0)
    if hour > 23 or minute > 59 or second > 60 or offset_hour > 23 or offset_minute > 59:  # noqa: PLR2004 (the clock's own)
        return None
    try:
        days = date(year, month, day).toordinal()
    except ValueError:
        return None
    offset_s = (offset_hour * 60 + offset_minute) * 60 * (-1 if parts[8] == "-" else 1)
    seconds = ((days * 24 + hour) * 60 + minute) * 60 + second - offset_s
    return seconds * _SECOND_NS + int((parts[7] or "0")[:9].ljust(9, "0"))


@dataclass(frozen=True, slots=True, init=False)
class _Moment(Matcher):
    """A time on one side of another."""

    name: ClassVar[str]

    moment: str
    bound_ns: int

    def __init__(self, moment: str | datetime) -> None:
        if isinstance(moment, datetime):
            if moment.tzinfo is None:
                raise InvalidFilter(self.word, f"takes a time with its zone, not {moment!r}")
            moment = moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
        bound_ns = instant_ns(moment) if type(moment) is str else None
        if bound_ns is None:
            hint = "Write it as 2026-02-28T23:59:59Z."
            raise InvalidFilter(self.word, f"takes an RFC 3339 time, not {moment!r}", hint=hint)
        object.__setattr__(self, "moment", moment)
        object.__setattr__(self, "bound_ns", bound_ns)

    @property
    def word(self) -> str:
        """How it is spelled."""
        return self.name

    def argument(self) -> Any:
        """Give the time."""
        return self.moment

    def accepts(self, value: Any, /) -> bool:
        """Tell whether the value is a string with such a time."""
        value_ns = instant_ns(value) if type(value) is str else None
        return value_ns is not None and self.fits(value_ns)

    @abstractmethod
    def fits(self, value_ns: int) -> bool:
        """Tell whether the time is on the right side."""


class Before(_Moment):
    """A time earlier than the given one."""

    __slots__ = ()
    name = "before"

    def fits(self, value_ns: int) -> bool:
        """Tell whether it is earlier."""
        return value_ns < self.bound_ns


class After(_Moment):
    """A time later than the given one."""

    __slots__ = ()
    name = "after"

    def fits(self, value_ns: int) -> bool:
        """Tell whether it is later."""
        return value_ns > self.bound_ns
