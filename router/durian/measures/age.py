"""An age: how far behind the present a process works."""

from __future__ import annotations

from typing import Final

#: Seconds without anything taken after which nothing is behind any more.
IDLE_S: Final = 15.0


class Age:
    """How old what was last taken from a queue was, which is how long the queue takes to pass.

    It grows while what was taken is not done with, and is 0 once nothing has come for a while.
    """

    __slots__ = ("_age_s", "_at")

    def __init__(self) -> None:
        self._age_s = 0.0
        self._at: float | None = None

    def note(self, made_at: float, now: float) -> None:
        """Note that something was taken at `now` that was made at `made_at`; both in seconds."""
        # Clocks of several machines differ: nothing is taken before it was made.
        self._age_s = max(0.0, now - made_at)
        self._at = now

    def read(self, now: float, *, busy: bool = False) -> float:
        """Return the age at `now`, in seconds; `busy` while what was taken is not done with."""
        if self._at is None:
            return 0.0
        waited_s = max(0.0, now - self._at)
        if busy:
            return self._age_s + waited_s
        return self._age_s if waited_s < IDLE_S else 0.0
