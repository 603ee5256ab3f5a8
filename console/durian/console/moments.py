"""Moments as people type and read them: so long ago, or by the clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from durian.errors import InvalidInput

#: Seconds of the units that a duration may have.
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

_DURATION = re.compile(r"(\d{1,9})([smhdw])")


def read_duration(option: str, text: str) -> int:
    """Read a duration such as `90d`, in seconds. Raises InvalidInput, which names the option."""
    duration = _DURATION.fullmatch(text.strip())
    if duration is None:
        raise InvalidInput(option, f"{text!r} is no duration", hint="Write 12h, 7d or 4w.")
    return int(duration[1]) * UNITS_S[duration[2]]


def read_moment(option: str, text: str, now: float) -> int:
    """Read a moment: `2h` (two hours before `now`), or `2026-11-23T10:00Z`, which is UTC if bare.

    Returns milliseconds since the epoch. Raises InvalidInput, which names the option.
    """
    if _DURATION.fullmatch(text.strip()):
        return max(0, round((now - read_duration(option, text)) * 1000))
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as exc:
        hint = "Write 30s, 15m, 2h, 7d, or a time such as 2026-11-23T10:00Z."
        raise InvalidInput(option, f"{text!r} is no moment", hint=hint) from exc
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0, round(moment.timestamp() * 1000))


def moment(at_ms: int | None) -> str:
    """A moment in milliseconds since the epoch, for people; empty when there is none."""
    if at_ms is None:
        return ""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
