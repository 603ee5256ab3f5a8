"""The relay: publishes what is in the outbox, and marks it once the broker has confirmed it."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_when_event_set,
    wait_random_exponential,
)

from django.db import DatabaseError, InterfaceError, connections, router, transaction
from django.db.models import Q
from django.utils import timezone
from durian.django import outbox
from durian.django.models import OutboxEvent
from durian.errors import BrokerError, DurianError, InvalidEvent
from durian.events import Event
from durian.faults import failpoint
from durian.hook.up import UpProducer
from durian.producers import PartlyEmitted, Producer

_log = logging.getLogger(__name__)

#: Events taken at once: four windows of confirms, so that the wait for the last is a small part.
BATCH = 2000

#: Seconds for which a relay holds rows where the database has no SKIP LOCKED; longer than
#: publishing them may take.
HOLD_S = 120.0

#: Rows that are deleted in one transaction, and seconds between two rounds of it.
PRUNE_ROWS = 1000
PRUNE_EVERY_S = 60.0

#: Full jitter: many relays must not fall upon a broker or database that has just come back.
_PAUSE = wait_random_exponential(multiplier=0.2, max=5.0)

Row = tuple[int, str, Any]


@dataclass(slots=True)
class Batch:
    """Rows that one relay has for itself, and which of them are safe."""

    rows: Sequence[Row]
    published: list[int]


class Relay:
    """Publishes the outboxes of some databases; several may work at the same time.

    Args:
        producer: Publishes and waits for confirms.
        databases: Aliases; all databases that have an outbox when it is None.
        keep_s: Seconds that published rows are kept; 0 deletes them at once.
    """

    def __init__(
        self,
        producer: Producer | UpProducer,
        *,
        databases: Sequence[str] | None = None,
        keep_s: float = 0.0,
    ) -> None:
        self._producer = producer
        self._databases = tuple(databases or outbox_databases())
        self._keep = timedelta(seconds=keep_s)
        self._holder = str(uuid.uuid4())
        self._pruned_at = -PRUNE_EVERY_S
        #: Events published since it was made.
        self.published = 0

    def run(self, stop: threading.Event, *, poll_s: float = 0.5) -> None:
        """Relay until a stop is asked for; looks every `poll_s` seconds when there is nothing.

        A broker or a database that is away is waited for.
        """
        retrying = Retrying(
            retry=retry_if_exception_type((DurianError, DatabaseError, InterfaceError)),
            wait=_PAUSE,
            sleep=sleep_using_event(stop),
            stop=stop_when_event_set(stop),
            before_sleep=_warn,
            reraise=True,
        )
        while not stop.is_set():
            try:
                moved = retrying(self.once)
                retrying(self._prune_in_turn)
            except (DurianError, DatabaseError, InterfaceError):
                return  # asked to stop while waiting
            if not moved:
                stop.wait(poll_s)

    def drain(self) -> int:
        """Relay until nothing is left; returns how many. Raises BrokerError or DatabaseError."""
        total = 0
        while moved := self.once():
            total += moved
        return total

    def once(self) -> int:
        """Relay one batch of each database; returns how many events were published.

        Raises BrokerError, once what was confirmed before is marked; or DatabaseError.
        """
        return sum(self._once(using) for using in self._databases)

    def prune(self) -> int:
        """Delete what was published long enough ago; returns how many rows."""
        total = 0
        before = timezone.now() - self._keep
        for using in self._databases:
            old = OutboxEvent.objects.using(using).filter(published_at__lt=before)
            while ids := list(old.values_list("pk", flat=True)[:PRUNE_ROWS]):
                total += OutboxEvent.objects.using(using).filter(pk__in=ids).delete()[0]
        return total

    def _prune_in_turn(self) -> None:
        if time.monotonic() - self._pruned_at > PRUNE_EVERY_S:
            self.prune()
            self._pruned_at = time.monotonic()

    def _once(self, using: str) -> int:
        error: DurianError | None = None
        with self._taken(using) as batch:
            failpoint("relay.taken")
            if batch.rows:
                error = self._publish(batch, using)
                failpoint("relay.confirmed")
        self.published += len(batch.published)
        if error is not None:
            raise error
        return len(batch.published)

    def _publish(self, batch: Batch, using: str) -> DurianError | None:
        """Publish rows; what went wrong is returned, after all that was confirmed is known."""
        by_event: dict[tuple[str, str], int] = {}
        events: list[Event] = []
        for pk, attributes, body in batch.rows:
            try:
                event = outbox.read(attributes, body)
            except InvalidEvent as error:
                _pass_over(pk, error, using)
                continue
            events.append(event)
            by_event[event.source, event.id] = pk
        try:
            self._producer.emit_many(events)
        except PartlyEmitted as error:
            for event in (*error.unconfirmed, *error.unread):
                by_event.pop((event.source, event.id), None)
            batch.published += by_event.values()
            cause = error.__cause__
            return cause if isinstance(cause, BrokerError) else error
        batch.published += by_event.values()
        return None

    @contextmanager
    def _taken(self, using: str) -> Iterator[Batch]:
        """Take rows for this relay alone, and mark those that were published at the end."""
        if connections[using].features.has_select_for_update_skip_locked:
            with transaction.atomic(using=using):
                rows = _waiting(using).select_for_update(skip_locked=True)
                batch = Batch(_read(rows), [])
                yield batch
                self._mark(using, batch.published)
        else:
            yield from self._held(using)

    def _held(self, using: str) -> Iterator[Batch]:
        """The same for a database that cannot skip locked rows: hold them for a while."""
        now = timezone.now()
        free = _waiting(using).filter(Q(held_until=None) | Q(held_until__lt=now))
        mine = OutboxEvent.objects.using(using).filter(holder=self._holder, published_at=None)
        OutboxEvent.objects.using(using).filter(pk__in=free.values("pk")[:BATCH]).update(
            holder=self._holder, held_until=now + timedelta(seconds=HOLD_S)
        )
        batch = Batch(_read(mine.order_by("pk")), [])
        try:
            yield batch
        finally:
            if batch.rows:
                self._mark(using, batch.published)
                mine.update(holder="", held_until=None)

    def _mark(self, using: str, published: Sequence[int]) -> None:
        if not published:
            return
        rows = OutboxEvent.objects.using(using).filter(pk__in=published)
        if self._keep:
            rows.update(published_at=timezone.now(), holder="", held_until=None)
        else:
            rows.delete()


def outbox_databases() -> list[str]:
    """The databases that have an outbox, by the project's routers."""
    return [each for each in connections if router.allow_migrate_model(each, OutboxEvent)]


def _waiting(using: str) -> Any:
    return OutboxEvent.objects.using(using).filter(published_at=None, error="").order_by("pk")


def _read(rows: Any) -> list[Row]:
    return list(rows.values_list("pk", "attributes", "body")[:BATCH])


def _pass_over(pk: int, error: InvalidEvent, using: str) -> None:
    """Let a row that holds no event hold up nobody; it stays, with the reason."""
    _log.error("relay.unreadable row=%s error=%s", pk, error)
    OutboxEvent.objects.using(using).filter(pk=pk).update(error=str(error))


def _warn(state: RetryCallState) -> None:
    """Say once that relaying fails; database connections that broke are made anew."""
    for connection in connections.all(initialized_only=True):
        connection.close_if_unusable_or_obsolete()
    if state.attempt_number == 1 and state.outcome is not None:
        _log.warning("relay.waits error=%s", state.outcome.exception())
