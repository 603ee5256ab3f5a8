"""Writing a batch of records to the attempt log, whatever the database thinks of single ones."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, islice, takewhile
from typing import Protocol

from durian.broker.port import Address, Broker, Received
from durian.broker.topology import Topology
from durian.consumers.measures import RecorderMeasures
from durian.errors import BrokerError, InvalidInput, RegistryUnavailable
from durian.faults import failpoint
from durian.registry.attempt import Attempt, attempts_of
from durian.router.invalid import explained, short

_log = logging.getLogger(__name__)

#: Seconds before a record is set aside again when the broker did not take it.
_AGAIN_AFTER_S = 1.0

#: Records written in one transaction at most, unless a single message holds more.
BATCH = 500

#: Messages that are not settled yet, and the records that each holds.
_Records = deque[tuple[Received, list[Attempt]]]


class AttemptLog(Protocol):
    """The part of the registry's store that the recorder writes.

    Raises RegistryUnavailable while the database is away, RegistryError when it refuses.
    """

    def check_attempts(self) -> None:
        """Make sure that a record could be written now, whatever is in it."""

    def add_attempts(self, new: Sequence[Attempt]) -> None:
        """Write records, all or none; one that is there already is passed over."""

    def prune_attempts(self, *, before_ms: int, keep: int, limit: int) -> int:
        """Delete at most `limit` records that are too old or too many; return how many."""


@dataclass(slots=True)
class RecorderCounts:
    """What a recorder has done since it started."""

    recorded: int = 0
    #: Messages set aside: one could not be read, or the database refused a record of it alone.
    refused: int = 0
    pruned: int = 0


class RecordWriter:
    """Settles records: written and acked, set aside, or given back. For one thread."""

    def __init__(self, broker: Broker, topology: Topology, log: AttemptLog) -> None:
        self.counts = RecorderCounts()
        self.measures = RecorderMeasures()
        self._broker = broker
        self._topology = topology
        self._attempts = log

    def write(self, batch: Sequence[Received]) -> None:
        """Write records and ack them; what cannot be written now is given back.

        Raises RegistryError when the database takes no records.
        """
        failpoint("recorder.taken")
        left = self._readable(batch)
        try:
            while left:
                self._add(left, _how_many(left))
        finally:
            for received, _ in left:
                self._broker.requeue(received)

    def _readable(self, batch: Sequence[Received]) -> _Records:
        records: _Records = deque()
        for received in batch:
            try:
                records.append((received, attempts_of(received.message.body)))
            except InvalidInput as error:
                self._set_aside(received, str(error))
        return records

    def _add(self, left: _Records, count: int) -> None:
        """Write the records of the first so many messages; those that are settled leave `left`."""
        clock = self._broker.clock
        new = [one for _, attempts in islice(left, count) for one in attempts]
        self.measures.backlog.note(min(one.at_ms for one in new) / 1000, clock.now())
        began_at = clock.monotonic()
        try:
            self._attempts.add_attempts(new)
        except RegistryUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, one record may be at fault
            _log.warning("recorder.batch_refused records=%d error=%s", len(new), error)
            self._add_each(left, count)
        else:
            failpoint("recorder.written")
            self.measures.writes.observe(clock.monotonic() - began_at)
            self.counts.recorded += len(new)
            for _ in range(count):
                self._broker.ack(left.popleft()[0])

    def _add_each(self, left: _Records, count: int) -> None:
        for _ in range(count):
            received, attempts = left[0]
            refused = [error for one in attempts if (error := self._try(one)) is not None]
            if refused:
                # As it came: whoever replays it writes nothing twice.
                self._set_aside(received, f"the registry refused it: {refused[0]}")
            else:
                self._broker.ack(received)
            left.popleft()

    def _try(self, attempt: Attempt) -> Exception | None:
        """Write one record; return why the database refused it, if it did."""
        try:
            self._attempts.add_attempts([attempt])
        except RegistryUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  # as above
            # Raises when no record at all can be written: then this one is not at fault.
            self._attempts.check_attempts()
            return error
        self.counts.recorded += 1
        return None

    def _set_aside(self, received: Received, reason: str) -> None:
        self.counts.refused += 1
        _log.warning("recorder.record_refused reason=%s", reason)
        message = explained(received.message, reason, self._broker.clock.now())
        key = short(received.message.routing_key) or ""
        address = Address(self._topology.invalid, key)

        def publish() -> None:
            self._broker.publish(message, address, done, cause=received)

        def done(error: BrokerError | None) -> None:
            if error is None:
                self._broker.ack(received)
            elif received.alive:
                self._broker.call_later(_AGAIN_AFTER_S, publish)

        publish()


def _how_many(left: _Records) -> int:
    """Tell how many messages may share the next transaction."""
    sizes = accumulate(len(attempts) for _, attempts in left)
    return max(1, sum(1 for _ in takewhile(lambda size: size <= BATCH, sizes)))
