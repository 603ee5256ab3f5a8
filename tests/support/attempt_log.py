"""An attempt log without a database, for tests of the recorder."""

from __future__ import annotations

from collections.abc import Sequence

from durian.errors import RegistryError, RegistryUnavailable
from durian.registry.attempt import Attempt


class FakeLog:
    """An attempt log in a dict, that can be away, read only, or dislike single records."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, int, int], Attempt] = {}
        self.batches: list[int] = []
        self.away = self.read_only = False
        #: Raised for the records of these deliveries.
        self.refused: dict[str, Exception] = {}
        self.checks = 0
        self.pruned: list[tuple[int, int, int]] = []
        self.to_prune = 0

    @property
    def all(self) -> list[Attempt]:
        """Every record, by the time of its attempt."""
        return sorted(self.records.values(), key=lambda one: (one.at_ms, one.number))

    def names(self) -> set[str]:
        """The deliveries that there are records of."""
        return {one.webhook_id for one in self.records.values()}

    def check_attempts(self) -> None:
        self.checks += 1
        if self.away:
            raise RegistryUnavailable
        if self.read_only:
            raise RegistryError("read only")

    def add_attempts(self, new: Sequence[Attempt]) -> None:
        if self.away:
            raise RegistryUnavailable
        if self.read_only:
            raise RegistryError("read only")
        for one in new:
            if one.webhook_id in self.refused:
                raise self.refused[one.webhook_id]
        self.records |= {(one.webhook_id, one.number, one.at_ms): one for one in new}
        self.batches.append(len(new))

    def prune_attempts(self, *, before_ms: int, keep: int, limit: int) -> int:
        if self.away:
            raise RegistryUnavailable
        self.pruned.append((before_ms, keep, limit))
        gone = min(limit, self.to_prune)
        self.to_prune -= gone
        return gone
