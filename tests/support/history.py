"""A history of what was published and what arrived, and what can be said of the two."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

#: A delivery as both ends can name it: the path of the listener's URL and the event's id.
Name = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a history shows."""

    expected: int
    received: int
    #: Expected and not received.
    lost: frozenset[Name]
    #: Received more than once, and how often beyond the first time.
    duplicated: dict[Name, int]
    #: Received and not expected: of another listener, or of no published event.
    unexpected: frozenset[Name]
    #: Received with other bytes than were published, or under another `webhook-id` than before.
    corrupted: frozenset[Name]

    def __str__(self) -> str:
        return (
            f"expected {self.expected}, received {self.received}, lost {len(self.lost)}, "
            f"duplicated {sum(self.duplicated.values())}, unexpected {len(self.unexpected)}, "
            f"corrupted {len(self.corrupted)}"
        )


class History:
    """Notes both ends; any thread may write."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._expected: dict[Name, bytes] = {}
        self._received: Counter[Name] = Counter()
        self._digests: dict[Name, set[tuple[bytes, str]]] = {}

    def expect(self, paths: Iterable[str], event_id: str, body: bytes) -> None:
        """An event was confirmed, and these listeners must get it."""
        with self._changed:
            for path in paths:
                self._expected[path, event_id] = _digest(body)

    def receive(self, path: str, event_id: str, webhook_id: str, body: bytes) -> None:
        """A POST was answered with success."""
        name = (path, event_id)
        with self._changed:
            self._received[name] += 1
            self._digests.setdefault(name, set()).add((_digest(body), webhook_id))
            self._changed.notify_all()

    @property
    def count(self) -> int:
        """POSTs received so far."""
        return self._received.total()

    def wait_count(self, count: int, timeout_s: float) -> bool:
        """Wait until so many POSTs were received."""
        with self._changed:
            return self._changed.wait_for(lambda: self.count >= count, timeout_s)

    def wait_complete(self, timeout_s: float) -> bool:
        """Wait until everything that is expected was received."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._lost(), timeout_s)

    def verdict(self) -> Verdict:
        """Compare both ends."""
        with self._changed:
            return Verdict(
                expected=len(self._expected),
                received=self.count,
                lost=frozenset(self._lost()),
                duplicated={name: n - 1 for name, n in self._received.items() if n > 1},
                unexpected=frozenset(self._received.keys() - self._expected.keys()),
                corrupted=frozenset(filter(self._is_corrupted, self._received)),
            )

    def _lost(self) -> set[Name]:
        return self._expected.keys() - self._received.keys()

    def _is_corrupted(self, name: Name) -> bool:
        seen = self._digests[name]
        return len(seen) > 1 or {digest for digest, _ in seen} != {self._expected.get(name)}


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
