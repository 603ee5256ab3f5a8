"""Event ids that sort by the time they were made: UUIDs of version 7 (RFC 9562)."""

from __future__ import annotations

import os
import threading
import time
import uuid

#: Bits of the counter that orders the ids of one millisecond (RFC 9562, section 6.2, method 1).
_COUNTER_BITS = 12

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62
_RANDOM = (1 << 62) - 1


class _Ticks:
    """Strictly rising ticks: milliseconds since the epoch, times 4096, plus a counter."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> int:
        # A clock set back, or more than 4096 ids in a millisecond, borrows from the time ahead.
        now = (time.time_ns() // 1_000_000) << _COUNTER_BITS
        with self._lock:
            self._last = max(now, self._last + 1)
            return self._last


_ticks = _Ticks()


def new_id() -> str:
    """Make an id: a UUIDv7, greater than every id this process made before.

    Ids of different processes (forks too) differ by 62 random bits. Safe in threads.
    """
    tick = _ticks.next()
    millis, counter = tick >> _COUNTER_BITS, tick & ((1 << _COUNTER_BITS) - 1)
    noise = int.from_bytes(os.urandom(8), "big") & _RANDOM
    text = f"{millis << 80 | _VERSION | counter << 64 | _VARIANT | noise:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def made_at(event_id: str) -> float | None:
    """When an id was made, in seconds since the epoch; None unless it is a UUID of version 7."""
    try:
        made = uuid.UUID(event_id)
    except ValueError:
        return None
    return (made.int >> 80) / 1000 if made.version == 7 else None  # noqa: PLR2004  # the version
