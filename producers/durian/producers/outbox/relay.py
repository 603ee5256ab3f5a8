"""The relay: publishes the events of an outbox, and marks them when the broker has them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

import tenacity

from durian.errors import (
    BrokerError,
    DurianError,
    InvalidEvent,
    InvalidSettings,
    OutboxUnavailable,
)
from durian.events import Event
from durian.events.document import event_of
from durian.faults import failpoint
from durian.measures import Age
from durian.producers.outbox.port import Claim, Emitter, Row, Store
from durian.producers.pipeline import PartlyEmitted

#: Rows claimed at once: four windows of confirms, so that the wait for the last is a small part. So
#: many are published again when a relay dies before it marks them.
BATCH = 2000

#: Seconds between two looks at an outbox in which nothing waited.
POLL_S = 0.5

#: For how long rows that were sent are kept: long enough to look into what happened yesterday.
KEEP = timedelta(days=2)

#: Seconds between two prunings, and rows deleted by one statement: none of them holds its locks
#: for long.
PRUNE_EVERY_S = 60.0
_PRUNED_AT_ONCE = 5000

#: Upper end of the random pause after a failure, in seconds.
_LONGEST_PAUSE_S = 15.0

_LOG = logging.getLogger(__name__)


class Relay:
    """Moves events from an outbox to the broker, for as long as it runs.

    An event is marked only after the broker's confirm. A relay that dies in between publishes it
    again, with the same id; none is left out. Several relays of one outbox work side by side where
    the database can skip rows that another has locked; between them, order is not kept.

    Args:
        store: The outbox.
        producer: What events are published with.
        keep: For how long sent rows are kept.
        poll_s: Seconds between two looks when nothing waits.
        batch: Rows claimed at once.
        now: Tells the time.

    Raises:
        InvalidSettings: a number cannot be used.
    """

    def __init__(
        self,
        store: Store,
        producer: Emitter,
        *,
        keep: timedelta = KEEP,
        poll_s: float = POLL_S,
        batch: int = BATCH,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if batch < 1:
            raise InvalidSettings("batch", f"{batch} must be at least 1")
        if poll_s <= 0:
            raise InvalidSettings("poll_s", f"{poll_s} must be positive")
        if keep < timedelta(0):
            raise InvalidSettings("keep", "must not be negative")
        self._store = store
        self._producer = producer
        self._keep = keep
        self._poll_s = poll_s
        self._batch = batch
        self._now = now
        self._pruned_at = float("-inf")
        self._found = False
        #: How many events this relay has sent.
        self.sent = 0
        #: How old events are when they are claimed: what the outbox is behind.
        self.backlog = Age()
        #: True while claimed events could not all be sent.
        self.stuck = False

    def run(self, stop: threading.Event) -> None:
        """Relay until `stop` is set; what is claimed then is finished first.

        A database or a broker that is away is waited for.
        """
        trying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type((BrokerError, OutboxUnavailable)),
            stop=tenacity.stop_when_event_set(stop),
            wait=tenacity.wait_random_exponential(multiplier=self._poll_s, max=_LONGEST_PAUSE_S),
            sleep=tenacity.sleep_using_event(stop),
            before_sleep=_log_retry,
            retry_error_callback=lambda _: False,
        )
        while not stop.is_set():
            if not trying(self.turn):
                stop.wait(self._poll_s)

    def turn(self) -> bool:
        """Relay what waits, one batch at most, and prune when it is time; tell whether any did.

        Raises:
            BrokerError: not all were confirmed; the others are marked.
            OutboxUnavailable: the database is away. What was published may be published again.
        """
        self.relay()
        if time.monotonic() - self._pruned_at >= PRUNE_EVERY_S:
            self.prune()
            self._pruned_at = time.monotonic()
        return self._found

    def relay(self) -> int:
        """Publish one batch of what waits; tell how many were sent. Raises what `turn` does."""
        with self._store.claim(self._batch) as claim:
            failpoint("relay.taken")
            self._found = bool(claim.rows)
            read = [(row.id, event) for row in claim.rows if (event := _read(row, claim))]
            if read:
                self.backlog.note(read[0][1].time.timestamp(), self._now().timestamp())
            self.stuck = bool(read)
            left, error = self._publish([event for _, event in read])
            confirmed = [row_id for row_id, event in read if id(event) not in left]
            if isinstance(error, InvalidEvent):  # refused by the hooks of the producer
                refused = next(row_id for row_id, event in read if id(event) in left)
                _mark_faulty(claim, refused, error)
            if confirmed:
                failpoint("relay.confirmed")
                claim.mark_sent(confirmed)
        self.sent += len(confirmed)
        self.stuck = len(confirmed) < len(read)
        if error and not isinstance(error, InvalidEvent):
            raise error
        return len(confirmed)

    def prune(self) -> int:
        """Delete what was sent long enough ago; tell how many rows. Raises OutboxUnavailable."""
        before = self._now() - self._keep
        pruned = 0
        while count := self._store.prune(before, _PRUNED_AT_ONCE):
            pruned += count
        return pruned

    def _publish(self, events: list[Event]) -> tuple[set[int], DurianError | None]:
        """Publish events; tell by `id()` which of them are not confirmed, and why."""
        try:
            self._producer.emit_many(events)
        except PartlyEmitted as partly:
            left = {id(event) for event in (*partly.unconfirmed, *partly.unread)}
            return left, cast("DurianError", partly.__cause__)
        return set(), None


def _read(row: Row, claim: Claim) -> Event | None:
    try:
        return event_of(row.event)
    except InvalidEvent as fault:
        _mark_faulty(claim, row.id, fault)
        return None


def _mark_faulty(claim: Claim, row_id: int, fault: InvalidEvent) -> None:
    _LOG.error("relay.row_kept row=%s error=%s", row_id, fault)
    claim.mark_faulty(row_id, str(fault))


def _log_retry(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    pause_s = state.next_action.sleep if state.next_action else 0.0
    _LOG.warning("relay.waits pause_s=%s error=%s", round(pause_s, 2), error)
