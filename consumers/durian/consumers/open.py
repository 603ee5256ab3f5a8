"""Counting what has begun and not ended, so that a stop can wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable


class OpenWork:
    """Deliveries that are not settled yet, and queues that are not let go yet. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._count = 0

    @property
    def count(self) -> int:
        """How many are open now."""
        return self._count

    def begin(self) -> Callable[[], None]:
        """One more is open; return what tells that it has ended, which counts once."""
        ended = False

        def end() -> None:
            nonlocal ended
            with self._lock:
                self._count -= not ended
                ended = True
                if not self._count:
                    self._changed.notify_all()

        with self._lock:
            self._count += 1
        return end

    def wait_none(self, timeout_s: float) -> bool:
        """Wait until none is open; False when that was not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, timeout_s)
