"""How a listening endpoint answers: well, or as a bad one does."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from threading import Lock

#: What a failing answer is, when nothing else was asked for.
FAILURE_STATUS = 503


@dataclass(slots=True, kw_only=True)
class Mood:
    """Which status the next answer has, and how long it takes. Safe to share between threads."""

    #: The status of an answer that does not fail.
    status: int = 200
    #: Share of answers that fail, from 0 to 1.
    fail_rate: float = 0.0
    #: Seconds before every answer.
    delay_s: float = 0.0
    #: Plays the failures; seeded, it plays them the same way again.
    rng: random.Random = field(default_factory=random.Random)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def next_status(self, _path: str) -> int:
        """The status of the next answer."""
        with self._lock:
            failing = self.rng.random() < self.fail_rate
        return FAILURE_STATUS if failing else self.status
