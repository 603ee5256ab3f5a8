"""Whether all is at hand: looked at every few seconds, however often it is asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from durian.errors import DurianError

#: Seconds for which an answer holds: probes come often, and from several places.
FRESH_S = 5.0


class Reach:
    """Tells whether a check has passed just now.

    Args:
        check: May wait; raises DurianError when something is not at hand.
        now: Tells the time in seconds.
    """

    def __init__(
        self, check: Callable[[], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._check = check
        self._now = now
        self._asking = asyncio.Lock()
        self._reached = False
        self._stale_at = float("-inf")

    async def __call__(self) -> bool:
        """Tell it; the loop goes on meanwhile."""
        async with self._asking:
            if self._now() >= self._stale_at:
                self._reached = await asyncio.to_thread(self._try)
                self._stale_at = self._now() + FRESH_S
            return self._reached

    def _try(self) -> bool:
        try:
            self._check()
        except DurianError:
            return False
        return True
