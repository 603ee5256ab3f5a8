"""Moments as the API writes them (RFC 3339), made of the numbers that Durian counts in."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d")


def _of_seconds(value: Any) -> Any:
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else value


def _of_milliseconds(value: Any) -> Any:
    return datetime.fromtimestamp(value / 1000, UTC) if isinstance(value, int | float) else value


def _is_rfc3339(value: Any) -> Any:
    # pydantic reads numbers as well, in a text or not, and guesses their unit.
    if isinstance(value, str) and _RFC3339.match(value):
        return value
    reason = "must be a moment such as 2026-11-23T10:00:00Z"
    raise ValueError(reason)


#: A moment that is asked for: with a zone, so that nobody has to guess it.
Moment = Annotated[AwareDatetime, BeforeValidator(_is_rfc3339)]


def ms_of(moment: datetime | None) -> int | None:
    """Milliseconds from the epoch to a moment; 0 for one before it."""
    return None if moment is None else max(0, round(moment.timestamp() * 1000))


#: A moment that is given in seconds since the epoch, or as what it is.
Seconds = Annotated[datetime, BeforeValidator(_of_seconds)]

#: A moment that is given in milliseconds since the epoch, or as what it is.
Milliseconds = Annotated[datetime, BeforeValidator(_of_milliseconds)]
