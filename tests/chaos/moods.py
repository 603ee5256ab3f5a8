"""What the receivers answer: all is well, or fails at first, or for good, or takes its time."""

from __future__ import annotations

import threading
from collections import Counter

from tests.support.history import Name

#: Seconds that the slow receiver takes for an answer.
SLOW_S = 0.3

#: Seconds after which a blocked receiver lets go by itself; more than any attempt may take.
BLOCKED_S = 60.0

#: Of the events of a path one in so many is refused at first; one is enough to refuse its batch.
_REFUSED = {"/flaky": 3, "/ordered": 3, "/batched": 24}

#: What `/doomed` answers when it wants no further attempt.
NEVER = 422


class Moods:
    """Answers by path and by the number in the event's id, such as `e17`.

    `/flaky`, `/ordered` and `/batched` refuse the first attempt of some events, `/doomed` refuses
    every event, some for now and some for good. Never ten in a row, or the listener would be left
    alone for a while. `/slow` accepts after a while, every other path at once. A path that is
    blocked takes a request, says nothing until it is released, and hangs up then.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[Name] = Counter()
        self._mended = threading.Event()
        self._blocked: dict[str, threading.Event] = {}

    def __call__(self, path: str, event_id: str) -> int:
        """Answer a POST: its status, or 0 for none."""
        with self._lock:
            self._calls[path, event_id] += 1
            first = self._calls[path, event_id] == 1
            gate = self._blocked.get(path)
        if gate is not None:
            gate.wait(BLOCKED_S)
            return 0
        return 200 if self._mended.is_set() else self._answer(path, int(event_id[1:]), first=first)

    def _answer(self, path: str, number: int, *, first: bool) -> int:
        if path == "/doomed":
            retried = number % 16 == 0 or (first and number % 4 == 0)
            return 500 if retried else NEVER
        if path == "/slow":
            self._mended.wait(SLOW_S)
        every = _REFUSED.get(path)
        return 500 if first and every and not number % every else 200

    @property
    def calls(self) -> Counter[Name]:
        """How often each delivery was tried."""
        with self._lock:
            return self._calls.copy()

    def mend(self) -> None:
        """From now on every receiver accepts, at once."""
        self._mended.set()

    def block(self, path: str) -> None:
        """Let a receiver take requests and say nothing."""
        with self._lock:
            self._blocked[path] = threading.Event()

    def release(self, path: str) -> None:
        """Let it answer again. Harmless twice."""
        with self._lock:
            gate = self._blocked.pop(path, None)
        if gate is not None:
            gate.set()
