"""The part of the registry's store that tells how deliveries fare: counts of attempts."""

from __future__ import annotations

from collections.abc import Collection

from durian.registry.counts import Counts, Span
from durian.registry.part import Part
from durian.registry.sql import minutes


class StatsStore(Part):
    """Counts of attempts; its methods keep the rules of `durian.registry.store.Store`.

    Moments are in seconds since the epoch, and taken to the minute: what is asked for is whole
    minutes from `since` to before `until`. Nothing is counted of an id that nobody knows.
    """

    def attempt_counts(
        self, listener_id: str | None = None, *, since: float, until: float
    ) -> Counts:
        """Count the attempts of a listener, or of all."""
        with self._database.reading() as connection:
            span = _minute(since), _minute(until)
            return minutes.total(connection, listener_id, self._owner, *span)

    def attempt_series(
        self, listener_id: str | None = None, *, since: float, until: float, step_s: int
    ) -> list[Span]:
        """Count them in spans of `step_s` seconds, a multiple of 60; empty ones are left out."""
        with self._database.reading() as connection:
            return minutes.series(
                connection,
                listener_id,
                self._owner,
                since=_minute(since),
                until=_minute(until),
                step=step_s // 60,
            )

    def counts_of_listeners(
        self, listener_ids: Collection[str], *, since: float, until: float
    ) -> dict[str, list[Span]]:
        """Count the attempts of some listeners minute by minute; those without any are left out."""
        with self._database.reading() as connection:
            span = _minute(since), _minute(until)
            return minutes.of_listeners(connection, listener_ids, self._owner, *span)

    def listeners_given_up(self, *, since: float) -> set[str]:
        """Return the listeners at which deliveries were given up since a moment."""
        with self._database.reading() as connection:
            return minutes.given_up(connection, self._owner, _minute(since))


def _minute(at: float) -> int:
    return int(at // 60)
