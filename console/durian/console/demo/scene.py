"""What the demonstration plays: its listeners, its events, and a receiver that fails once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from durian.match import Filter, Gte, Startswith
from durian.registry import Listener, Policy

#: A retry is seen within half a second instead of the five of the default schedule.
_POLICY = Policy(schedule_s=(0, 0.4, 0.8, 1.6), timeout_s=5)

#: The listener whose endpoint answers its first request with a failure.
FLAKY = "everyone"


@dataclass(frozen=True, slots=True)
class Part:
    """A listener of the scene, and how people would say what it wants."""

    id: str
    event: str
    filter: Filter
    wants: str
    payload: str = "data"

    def listener(self, base_url: str) -> Listener:
        """The listener, at its own path of the endpoint."""
        policy = _POLICY.model_dump() | {"payload": self.payload}
        return Listener.create(
            id=self.id,
            url=f"{base_url}/{self.id}",
            event=self.event,
            filter=self.filter.to_json(),
            policy=policy,
        )


#: Who listens.
PARTS = (
    Part("where-joe", "person", Filter(name="Joe"), "persons named Joe"),
    Part("starts-with-j", "person", Filter(name=Startswith("J")), "persons with a J in front"),
    Part(FLAKY, "person", Filter(), "every person"),
    Part("big-orders", "order.*", Filter(total=Gte(100)), "orders of 100 and more", "cloudevent"),
)

#: What happens: types and data.
EVENTS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("person", {"name": "Joe", "address": "1 Elm Street"}),
    ("person", {"name": "Jane", "address": "2 Oak Street"}),
    ("person", {"name": "Bo", "address": "3 Ash Street"}),
    ("order.paid", {"order": 17, "total": 250}),
    ("order.paid", {"order": 18, "total": 20}),
)


@dataclass(slots=True)
class FailsOnce:
    """An endpoint's answers: the first request of the flaky listener fails, all others succeed."""

    delay_s: float = 0.0
    _failed: bool = False
    _lock: Lock = field(default_factory=Lock)

    def next_status(self, path: str) -> int:
        """503 for the flaky listener's first request, else 200."""
        with self._lock:
            if path == f"/{FLAKY}" and not self._failed:
                self._failed = True
                return 503
        return 200
