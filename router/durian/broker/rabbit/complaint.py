"""What goes on failing is told at once, and then ever more seldom."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Seconds until it is told a second time; doubled with each time, up to the last. The first is
#: longer than the start of a process, which ends with the same sentence.
FIRST_PAUSE_S = 10.0
LONGEST_PAUSE_S = 600.0


class Complaint:
    """Decides when a failure is told. Not to be shared by threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        #: By what is told: when it is due again, and the pause after that.
        self._next: dict[str, tuple[float, float]] = {}

    def is_due(self, text: str) -> bool:
        """Tell whether to tell it now, which is taken to be done then."""
        now = self._monotonic()
        at, pause_s = self._next.get(text, (now, FIRST_PAUSE_S))
        if now < at:
            return False
        self._next[text] = (now + pause_s, min(2 * pause_s, LONGEST_PAUSE_S))
        return True

    def end(self) -> None:
        """It works again: the next failure is told at once."""
        self._next.clear()
