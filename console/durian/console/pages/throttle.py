"""Guessing is slow: after some failures, each further one doubles the pause before the next."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from durian.errors import RateLimited

#: Seconds of the first pause, and of the longest: whoever is kept out by others' guesses under
#: their name waits no longer.
FIRST_S: Final = 1.0
LONGEST_S: Final = 300.0

#: Seconds without an attempt after which earlier ones are forgotten.
FORGOTTEN_S: Final = 1800.0

#: Keys that are remembered; the one that was seen the longest ago goes first.
REMEMBERED: Final = 10_000


@dataclass(slots=True)
class _Seen:
    failures: int = 0
    last_at: float = 0.0
    free_at: float = 0.0


class Throttle:
    """Counts attempts by keys, in this process alone. Safe to share by threads."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._seen: dict[str, _Seen] = {}

    def attempt(self, key: str, free: int) -> None:
        """Count an attempt as failed until it is known to have passed.

        The first `free` ones are let through. Raises RateLimited while a pause lasts.
        """
        with self._lock:
            now = self._monotonic()
            seen = self._seen.pop(key, None) or _Seen()
            if now - seen.last_at > FORGOTTEN_S:
                seen = _Seen()
            self._seen[key] = seen  # at the end
            if now < seen.free_at:
                raise RateLimited(seen.free_at - now)
            seen.failures += 1
            seen.last_at = now
            if seen.failures >= free:
                seen.free_at = now + min(LONGEST_S, FIRST_S * 2.0 ** min(seen.failures - free, 30))
            if len(self._seen) > REMEMBERED:
                del self._seen[next(iter(self._seen))]

    def passed(self, key: str) -> None:
        """Take back an attempt that was none: earlier failures go on counting."""
        with self._lock:
            seen = self._seen.get(key)
            if seen is not None:
                seen.failures -= 1
                seen.free_at = 0.0
