"""Writing a batch of records to the attempt log, whatever the database thinks of single ones."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from durian.broker.port import Address, Broker, Received
from durian.broker.topology import Topology
from durian.consumers.measures import RecorderMeasures
from durian.errors import BrokerError, InvalidInput, RegistryUnavailable
from durian.faults import failpoint
from durian.registry.attempt import Attempt
from durian.router.invalid import explained, short

_log = logging.getLogger(__name__)

#: Seconds before a record is set aside again when the broker did not take it.
_AGAIN_AFTER_S = 1.0

#: Messages that are not settled yet, and what they say.
_Records = deque[tuple[Received, Attempt]]


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
    #: Set aside: they could not be read, or the database refused them alone.
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
            if left:
                self._add(left)
        finally:
            for received, _ in left:
                self._broker.requeue(received)

    def _readable(self, batch: Sequence[Received]) -> _Records:
        records: _Records = deque()
        for received in batch:
            try:
                records.append((received, Attempt.from_json(received.message.body)))
            except InvalidInput as error:
                self._set_aside(received, str(error))
        return records

    def _add(self, left: _Records) -> None:
        """Write records; those that are settled leave `left`."""
        clock = self._broker.clock
        self.measures.backlog.note(min(one.at_ms for _, one in left) / 1000, clock.now())
        began_at = clock.monotonic()
        try:
            self._attempts.add_attempts([attempt for _, attempt in left])
        except RegistryUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, one record may be at fault
            _log.warning("recorder.batch_refused records=%d error=%s", len(left), error)
            self._add_each(left)
        else:
            failpoint("recorder.written")
            self.measures.writes.observe(clock.monotonic() - began_at)
            while left:
                self._recorded(left.popleft()[0])

    def _add_each(self, left: _Records) -> None:
        while left:
            received, attempt = left[0]
            try:
                self._attempts.add_attempts([attempt])
            except RegistryUnavailable:
                raise
            except Exception as error:  # noqa: BLE001  # as above
                # Raises when no record at all can be written: then this one is not at fault.
                self._attempts.check_attempts()
                self._set_aside(received, f"the registry refused it: {error}")
            else:
                self._recorded(received)
            left.popleft()

    def _recorded(self, received: Received) -> None:
        self._broker.ack(received)
        self.counts.recorded += 1

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
