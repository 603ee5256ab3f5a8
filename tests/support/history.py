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
    #: Expected deliveries that came, that were given up, and that are still on their way.
    delivered: int
    dead: int
    waiting: int
    #: Expected and nowhere.
    lost: frozenset[Name]
    #: In more than one place, or more than once in one; and how often beyond the first time.
    duplicated: dict[Name, int]
    #: Somewhere and not expected: of another listener, or of no published event.
    unexpected: frozenset[Name]
    #: With other bytes than were published, under another `webhook-id` than before, or with a
    #: signature that is not right.
    corrupted: frozenset[Name]

    @property
    def duplicates(self) -> int:
        """How often deliveries came more than once, all together."""
        return sum(self.duplicated.values())

    def __str__(self) -> str:
        return (
            f"expected {self.expected}, received {self.received}, lost {len(self.lost)}, "
            f"duplicated {self.duplicates}, unexpected {len(self.unexpected)}, "
            f"corrupted {len(self.corrupted)}"
        )


class History:
    """Notes both ends; any thread may write."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._expected: dict[Name, bytes] = {}
        self._received: Counter[Name] = Counter()
        self._dead: Counter[Name] = Counter()
        self._waiting: Counter[Name] = Counter()
        #: What the bytes of a delivery were, wherever it was seen, and its webhook-ids.
        self._digests: dict[Name, set[bytes]] = {}
        self._webhook_ids: dict[Name, set[str]] = {}
        self._distrusted: set[Name] = set()

    def expect(self, paths: Iterable[str], event_id: str, body: bytes) -> None:
        """An event was confirmed, and these listeners must get it."""
        digest = _digest(body)
        with self._changed:
            for path in paths:
                self._expected[path, event_id] = digest

    def receive(self, path: str, event_id: str, webhook_id: str, body: bytes) -> None:
        """A POST was answered with success."""
        name = (path, event_id)
        with self._changed:
            self._received[name] += 1
            self._digests.setdefault(name, set()).add(_digest(body))
            self._webhook_ids.setdefault(name, set()).add(webhook_id)
            self._changed.notify_all()

    def distrust(self, path: str, event_id: str) -> None:
        """A POST had a signature that is not right."""
        with self._changed:
            self._distrusted.add((path, event_id))

    def bury(self, path: str, event_id: str, body: bytes) -> None:
        """A delivery lies in its listener's dead-letter queue. Told once, at the end."""
        self._put(self._dead, (path, event_id), body)

    def hold(self, path: str, event_id: str, body: bytes) -> None:
        """A delivery waits in a queue. Told once, at the end."""
        self._put(self._waiting, (path, event_id), body)

    @property
    def count(self) -> int:
        """POSTs received so far."""
        return self._received.total()

    def first_seen(self, path: str) -> list[str]:
        """The events that a listener received, in the order in which each came first."""
        with self._changed:
            return [event_id for where, event_id in self._received if where == path]

    def missing(self) -> set[Name]:
        """The expected deliveries that were not received so far."""
        with self._changed:
            return set(self._missing())

    def wait_count(self, count: int, timeout_s: float) -> bool:
        """Wait until so many POSTs were received."""
        with self._changed:
            return self._changed.wait_for(lambda: self.count >= count, timeout_s)

    def wait_complete(self, timeout_s: float) -> bool:
        """Wait until everything that is expected was received."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._missing(), timeout_s)

    def verdict(self) -> Verdict:
        """Compare both ends."""
        with self._changed:
            everywhere = self._received + self._dead + self._waiting
            known = self._expected.keys()
            return Verdict(
                expected=len(known),
                received=self.count,
                delivered=len(known & self._received.keys()),
                dead=len(known & (self._dead.keys() - self._received.keys())),
                waiting=len(
                    known & self._waiting.keys() - self._received.keys() - self._dead.keys()
                ),
                lost=frozenset(known - everywhere.keys()),
                duplicated={name: n - 1 for name, n in everywhere.items() if n > 1},
                unexpected=frozenset(everywhere.keys() - known),
                corrupted=frozenset(filter(self._is_corrupted, everywhere)),
            )

    def _put(self, place: Counter[Name], name: Name, body: bytes) -> None:
        with self._changed:
            place[name] += 1
            self._digests.setdefault(name, set()).add(_digest(body))

    def _missing(self) -> set[Name]:
        return self._expected.keys() - self._received.keys()

    def _is_corrupted(self, name: Name) -> bool:
        return (
            self._digests[name] != {self._expected.get(name)}
            or len(self._webhook_ids.get(name, ())) > 1
            or name in self._distrusted
        )


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
