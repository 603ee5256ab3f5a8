"""What a relay does with the outboxes of a project: one in each database that has hooks' models."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import Error, connections, router, transaction
from django.db.models import Q
from django.utils import timezone

from durian.django.models import OutboxEvent
from durian.errors import OutboxUnavailable
from durian.producers.outbox import Row

#: Seconds for which a relay holds rows where the database cannot skip locked ones; longer than
#: publishing them may take.
HOLD_S = 120.0

#: Characters of a driver's message that are passed on.
_MOST_REASON = 300


class OutboxStore:
    """The outboxes of some databases, each in its turn, as `durian.producers.outbox.Relay` asks.

    Several relays work side by side: each skips what another has locked, or, where a database has
    no such locks, what another holds.
    """

    def __init__(self, databases: Sequence[str] | None = None) -> None:
        self._databases = list(databases or outbox_databases())
        self._holder = str(uuid.uuid4())

    @contextmanager
    def claim(self, most: int) -> Iterator[OutboxClaim]:
        """Claim rows that wait, of the first database that has any.

        Raises OutboxUnavailable when one is away, and none of the others has any.
        """
        away: Error | None = None
        with _translated():
            for alias in tuple(self._databases):
                with ExitStack() as stack:
                    try:
                        claim = stack.enter_context(self._claim(alias, most))
                    except Error as exc:
                        away = _left(alias, exc)
                        continue
                    if claim.rows:
                        # It is the last in the next turn: none may keep the others waiting.
                        self._databases.remove(alias)
                        self._databases.append(alias)
                        yield claim
                        return
            if away is not None:
                raise away
        yield OutboxClaim(self._databases[0], ())

    def prune(self, before: datetime, most: int) -> int:
        """Delete rows sent before a moment; tell how many these were. Raises as `claim` does."""
        if not settings.USE_TZ:
            before = timezone.make_naive(before)  # as such a project's databases have it
        away: Error | None = None
        with _translated():
            for alias in self._databases:
                try:
                    if count := _prune(alias, before, most):
                        return count
                except Error as exc:
                    away = _left(alias, exc)
            if away is not None:
                raise away
        return 0

    @contextmanager
    def _claim(self, alias: str, most: int) -> Iterator[OutboxClaim]:
        waiting = OutboxEvent.objects.using(alias).filter(sent_at=None, error=None).order_by("pk")
        if connections[alias].features.has_select_for_update_skip_locked:
            with transaction.atomic(using=alias):
                rows = waiting.select_for_update(skip_locked=True)[:most]
                yield OutboxClaim(alias, _read(rows))
        else:
            yield from self._hold(alias, waiting, most)

    def _hold(self, alias: str, waiting: Any, most: int) -> Iterator[OutboxClaim]:
        now = timezone.now()
        free = waiting.filter(Q(held_until=None) | Q(held_until__lt=now))
        rows = OutboxEvent.objects.using(alias)
        # One statement, so that no other relay comes between.
        rows.filter(pk__in=free.values("pk")[:most]).update(
            holder=self._holder, held_until=now + timedelta(seconds=HOLD_S)
        )
        held = waiting.filter(holder=self._holder)
        claim = OutboxClaim(alias, _read(held))
        try:
            yield claim
        finally:
            if claim.rows:
                held.update(holder=None, held_until=None)


class OutboxClaim:
    """Rows of one database that a relay has for itself."""

    def __init__(self, alias: str, rows: Sequence[Row]) -> None:
        #: The rows, in the order in which they were written.
        self.rows = rows
        self._events = OutboxEvent.objects.using(alias)

    def mark_sent(self, ids: Sequence[int]) -> None:
        """Note that the broker has these safely."""
        self._events.filter(pk__in=ids).update(sent_at=timezone.now())

    def mark_faulty(self, row_id: int, reason: str) -> None:
        """Note that this one is no event."""
        self._events.filter(pk=row_id).update(error=reason)


def waiting_since() -> datetime | None:
    """When the oldest event was written that waits in the outbox; None when none does.

    Raises OutboxUnavailable.
    """
    rows = OutboxEvent.objects.using(router.db_for_write(OutboxEvent))
    waiting = rows.filter(sent_at=None, error=None).order_by("pk")
    with _translated():
        since: datetime | None = waiting.values_list("created_at", flat=True).first()
    return since


def outbox_databases() -> list[str]:
    """The databases that have an outbox of their own, by the project's routers."""
    return [
        each
        for each in connections
        if router.allow_migrate_model(each, OutboxEvent)
        # What Django's tests take for a mirror of another is a replica: it takes no writes.
        and not connections[each].settings_dict["TEST"]["MIRROR"]
    ]


def _prune(alias: str, before: datetime, most: int) -> int:
    rows = OutboxEvent.objects.using(alias)
    old = rows.filter(sent_at__lt=before).values_list("pk", flat=True)
    ids = list(old[:most])
    return int(rows.filter(pk__in=ids).delete()[0]) if ids else 0


def _left(alias: str, error: Error) -> Error:
    """Leave a database that is away, so that it is connected to anew."""
    connections[alias].close_if_unusable_or_obsolete()
    return error


def _read(rows: Any) -> list[Row]:
    return [Row(pk, event) for pk, event in rows.values_list("pk", "event")]


@contextmanager
def _translated() -> Iterator[None]:
    """Raise OutboxUnavailable in place of what Django's databases raise; mend what broke."""
    try:
        yield
    except Error as exc:
        for connection in connections.all(initialized_only=True):
            connection.close_if_unusable_or_obsolete()
        reason = " ".join(str(exc).split())[:_MOST_REASON].rstrip(".")
        raise OutboxUnavailable(f"The database of the outbox: {reason}.") from exc
