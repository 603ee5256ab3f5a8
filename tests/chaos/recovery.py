"""How long it took after each fault until an event went all the way again."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.support.history import History


@dataclass(slots=True)
class Watch:
    """A fault whose end is waited for."""

    kind: str
    began_at: float
    #: The first event that was published after it began.
    number: int
    #: The path on which such an event has to arrive; any, when it is empty.
    path: str


class TimedHistory(History):
    """A history that tells how long after a fault the first event arrived that came after it."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._watches: list[Watch] = []
        self._times: defaultdict[str, list[float]] = defaultdict(list)

    def fault(self, kind: str, number: int, path: str = "") -> None:
        """A fault begins; events from this number on are published after it."""
        with self._lock:
            self._watches.append(Watch(kind, time.monotonic(), number, path))

    def receive(self, path: str, event_id: str, webhook_id: str, body: bytes) -> None:
        """A POST was answered with success."""
        super().receive(path, event_id, webhook_id, body)
        if self._watches:
            self._arrived(path, int(event_id[1:]))

    @property
    def recoveries_s(self) -> Mapping[str, Sequence[float]]:
        """The seconds that recovering took, by kind of fault."""
        with self._lock:
            return {kind: tuple(times) for kind, times in self._times.items()}

    @property
    def unrecovered(self) -> int:
        """After how many faults no later event has arrived yet."""
        return len(self._watches)

    def _arrived(self, path: str, number: int) -> None:
        now = time.monotonic()
        with self._lock:
            over = [
                watch
                for watch in self._watches
                if number >= watch.number and watch.path in {"", path}
            ]
            for watch in over:
                self._times[watch.kind].append(now - watch.began_at)
                self._watches.remove(watch)
