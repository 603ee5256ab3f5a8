"""Moments as the API writes them (RFC 3339), made of the numbers that Durian counts in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator


def _of_seconds(value: Any) -> Any:
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else value


def _of_milliseconds(value: Any) -> Any:
    return datetime.fromtimestamp(value / 1000, UTC) if isinstance(value, int | float) else value


#: A moment that is given in seconds since the epoch, or as what it is.
Seconds = Annotated[datetime, BeforeValidator(_of_seconds)]

#: A moment that is given in milliseconds since the epoch, or as what it is.
Milliseconds = Annotated[datetime, BeforeValidator(_of_milliseconds)]
