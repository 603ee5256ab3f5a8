"""Canonical strings: how values of CloudEvents' type system are written, whatever clients send."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from decimal import Decimal

from durian.errors import InvalidEvent
from durian.events.excerpt import excerpt, label

#: Integers of CloudEvents have 32 bits; clients send AMQP's and JSON's larger ones all the same.
_INTEGER_BITS = 64

#: From here on a timestamp is in milliseconds: as seconds it would be the year 5138.
_FIRST_MILLISECONDS = 10**11

_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_TIME_HINT = "Write RFC 3339, such as 2026-01-31T12:00:00Z."


def canonical(name: str, value: object) -> str:
    """Write a value of CloudEvents' type system as its canonical string.

    What clients of AMQP and JSON hand over is understood: bool, int, float, Decimal, datetime (UTC
    when it has no zone, as AMQP timestamps have none), and bytes that are UTF-8.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if name == "time" and isinstance(value, int):
        return from_timestamp(value)
    if _is_sound_number(value):
        return str(value)
    if isinstance(value, datetime):
        return rfc3339(value if value.tzinfo else value.replace(tzinfo=UTC), name)
    if isinstance(value, bytes):
        return _utf8(name, value)
    reason = f"cannot be this value of type {type(value).__name__}"
    raise InvalidEvent(
        label(name), reason, hint="Attributes are strings; put structures into data."
    )


def rfc3339(moment: datetime, name: str = "time") -> str:
    """Write a moment as RFC 3339 in UTC."""
    try:
        return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
    except OverflowError as exc:
        raise InvalidEvent(label(name), "is outside the years 1 to 9999", hint=_TIME_HINT) from exc


def from_timestamp(count: int) -> str:
    """Write a timestamp as RFC 3339: seconds since the epoch, or milliseconds when so many.

    AMQP 0-9-1 counts seconds, AMQP 1.0 and JavaScript milliseconds; both reach RabbitMQ.
    """
    try:
        if abs(count) < _FIRST_MILLISECONDS:
            return rfc3339(datetime.fromtimestamp(count, UTC))
        return rfc3339(datetime.fromtimestamp(count / 1000, UTC))
    except (OverflowError, ValueError, OSError) as exc:
        hint = "Count seconds or milliseconds since 1970."
        raise InvalidEvent("time", "is a timestamp out of range", hint=hint) from exc


def parse_time(text: str) -> datetime:
    """Read RFC 3339; digits past microseconds are kept in the text alone."""
    if not _TIME.fullmatch(text):
        raise InvalidEvent("time", f"{excerpt(text)} is not a time with its zone", hint=_TIME_HINT)
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise InvalidEvent("time", f"{excerpt(text)} does not exist", hint=_TIME_HINT) from exc


def _is_sound_number(value: object) -> bool:
    """Tell whether a value is a finite number of a size that can be written."""
    if isinstance(value, int):
        return value.bit_length() <= _INTEGER_BITS
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, float) and math.isfinite(value)


def _utf8(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as exc:
        raise InvalidEvent(label(name), "is not UTF-8", hint="Send a string.") from exc
