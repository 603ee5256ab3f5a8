"""Reading `Retry-After`: how long a receiver asks us to wait."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

#: Seconds as digits; more than fifteen are as good as for ever, and still a float without loss.
_SECONDS = re.compile(r"[0-9]{1,15}")

#: Characters of an HTTP date with room to spare: anything longer is not read at all.
_LONGEST_DATE = 64


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Read the header's value, a number of seconds or an HTTP date (RFC 9110, section 10.2.3).

    Args:
        value: The header's value; None when it was not sent.
        now: The time, in seconds since the epoch.

    Returns:
        Seconds to wait from now, not clamped; 0 for a date that has passed; None for no value, or
        one that cannot be read.
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    if text.isdecimal() and text.isascii():
        return float("inf")
    if not text or len(text) > _LONGEST_DATE:
        return None
    try:
        date = parsedate_to_datetime(text)
        # HTTP dates are in GMT, also those that do not say so.
        moment = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(0.0, moment - now)
