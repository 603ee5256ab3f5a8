"""The part of the registry's store that holds the attempt log.

It is a log: writing it is no change of the registry, and followers hear nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Unpack

from durian.registry.attempt import Attempt
from durian.registry.attempt_query import AttemptPage, Wanted
from durian.registry.part import Part
from durian.registry.sql import attempts, deliveries

#: Records returned or deleted at most, where nothing else is asked for.
CHUNK = 1000


class AttemptStore(Part):
    """The attempt log; its methods keep the rules of `durian.registry.store.Store`."""

    def check_attempts(self) -> None:
        """Make sure that a record could be written now: write one and take it back."""
        with self._database.locked() as connection:
            attempts.try_out(connection)

    def add_attempts(self, new: Iterable[Attempt]) -> None:
        """Write records, and count them by minute and listener.

        One that is there already (delivery, number and time) is passed over.
        """
        with self._database.locked() as connection:
            attempts.add(connection, new)

    def prune_attempts(self, *, before_ms: int, keep: int, limit: int = CHUNK) -> int:
        """Delete at most `limit` records that ended before a moment or are not the last `keep`.

        And counts of minutes that ended before it, as part of the `limit`.
        Returns how many: fewer than `limit` when none is left to delete. Numbers that failed
        writes took count too, so that a little less than `keep` may stay.
        """
        with self._database.locked() as connection:
            return attempts.prune(connection, before_ms=before_ms, keep=keep, limit=limit)

    def list_attempts(
        self, *, after: str | None = None, limit: int = 100, **wanted: Unpack[Wanted]
    ) -> AttemptPage:
        """Return the next attempts that fit, newest first; `after` is the page's before `next`.

        Raises:
            InvalidInput: when `after` is none.
        """
        with self._database.reading() as connection:
            return attempts.page(connection, wanted, owner=self._owner, after=after, limit=limit)

    def list_deliveries(
        self, *, after: str | None = None, limit: int = 100, **wanted: Unpack[Wanted]
    ) -> AttemptPage:
        """Return the next deliveries as `list_attempts` does: each by its latest attempt.

        What is wanted, is wanted of the latest attempt.
        """
        with self._database.reading() as connection:
            return deliveries.page(connection, wanted, owner=self._owner, after=after, limit=limit)

    def attempts_of(
        self,
        webhook_id: str | None = None,
        *,
        event_id: str | None = None,
        listener: str | None = None,
        limit: int = CHUNK,
    ) -> list[Attempt]:
        """Return the last attempts of a delivery, or of an event at one or all listeners, in order.

        An id that nobody knows has none.
        """
        with self._database.reading() as connection:
            return attempts.history(
                connection,
                owner=self._owner,
                webhook_id=webhook_id,
                event_id=event_id,
                listener=listener,
                limit=limit,
            )
