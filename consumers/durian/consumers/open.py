"""Counting what has begun and not ended, so that a stop can wait for it."""

from __future__ import annotations

import threading


class OpenDeliveries:
    """How many deliveries are between their beginning and their settlement. Thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    @property
    def count(self) -> int:
        """How many are open now."""
        return self._count

    def begin(self) -> None:
        """One more is open."""
        with self._changed:
            self._count += 1

    def end(self) -> None:
        """One has been settled."""
        with self._changed:
            self._count -= 1
            if not self._count:
                self._changed.notify_all()

    def wait_none(self, timeout_s: float) -> bool:
        """Wait until none is open; False when that was not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, timeout_s)
