"""What processes agree on by the registry, in dicts: as durian.registry.lane_store does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from durian.errors import RegistryUnavailable
from durian.registry import Head, OpenBreaker


class FakeLanes:
    """Breakers, paces and heads; `away` makes every question fail."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.away = False
        self.breakers: dict[str, OpenBreaker] = {}
        self.next_at: dict[str, float] = {}
        self.heads: dict[str, Head] = {}
        self._clock = now

    def _asked(self) -> None:
        if self.away:
            raise RegistryUnavailable

    def open_breakers(self) -> list[OpenBreaker]:
        self._asked()
        return list(self.breakers.values())

    def open_breaker(self, breaker: OpenBreaker) -> OpenBreaker | None:
        self._asked()
        found = self.breakers.get(breaker.listener_id)
        if found is None:
            self.breakers[breaker.listener_id] = breaker
        return found

    def claim_probe(
        self, listener_id: str, holder: str, *, now: float, until: float
    ) -> OpenBreaker | None:
        self._asked()
        found = self.breakers.get(listener_id)
        if found is not None and (found.next_probe_at <= now or found.holder == holder):
            found = replace(found, holder=holder, next_probe_at=until)
            self.breakers[listener_id] = found
        return found

    def postpone_probe(self, breaker: OpenBreaker) -> bool:
        self._asked()
        known = breaker.listener_id in self.breakers
        if known:
            self.breakers[breaker.listener_id] = breaker
        return known

    def close_breaker(self, listener_id: str) -> bool:
        self._asked()
        return self.breakers.pop(listener_id, None) is not None

    def reserve_slots(self, listener_id: str, count: int, interval_s: float) -> float:
        self._asked()
        now = self._clock()
        first = max(now, self.next_at.get(listener_id, now))
        self.next_at[listener_id] = first + count * interval_s
        return first - now

    def get_head(self, listener_id: str) -> Head | None:
        self._asked()
        return self.heads.get(listener_id)

    def put_head(self, head: Head) -> None:
        self._asked()
        self.heads[head.listener_id] = head

    def drop_head(self, listener_id: str) -> None:
        self._asked()
        self.heads.pop(listener_id, None)
