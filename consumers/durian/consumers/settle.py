"""Carrying out a decision: the next place is safe first, then the delivery leaves its queue."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence

from durian.broker.parts import Part
from durian.broker.port import Address, Broker, Received
from durian.broker.topology import Topology, bucket_at_least, bucket_for
from durian.consumers.decision import Retry
from durian.errors import BrokerError
from durian.events.message import Message

_log = logging.getLogger(__name__)

#: Seconds before a step is tried again that the broker refused: the delivery stays unacked.
_AGAIN_AFTER_S = 1.0


#: Told, on whatever thread, that a delivery has left this process.
Settled = Callable[[], None]


class Settler:
    """Moves deliveries to delay buckets and dead-letter queues. Safe to call from any thread."""

    def __init__(self, broker: Broker, topology: Topology, rng: random.Random) -> None:
        self._broker = broker
        self._topology = topology
        self._rng = rng
        #: Buckets this process has declared; the broker declares them again after a reconnect.
        self._declared: set[str] = set()

    def delay(self, received: Received, message: Message, retry: Retry, settled: Settled) -> None:
        """Put a delivery into the bucket of its wait, then ack it."""
        bucket_ms = (
            bucket_at_least(retry.after_s) if retry.exact else bucket_for(retry.after_s, self._rng)
        )
        name = self._topology.delay(bucket_ms)
        address = Address(name, message.routing_key)
        parts = () if name in self._declared else self._topology.delay_bucket(bucket_ms)
        _Move(
            self._broker,
            received,
            message=message,
            address=address,
            parts=parts,
            settled=settled,
        ).start()
        self._declared.add(name)

    def bury(self, received: Received, message: Message, settled: Settled) -> None:
        """Put a delivery into its listener's dead-letter queue, then ack it.

        The queue is declared each time: people delete emptied queues by hand, and the dead letter
        would go to the orphans then.
        """
        address = Address(self._topology.dead, message.routing_key)
        parts = self._topology.dead_letters(message.routing_key)
        _Move(
            self._broker,
            received,
            message=message,
            address=address,
            parts=parts,
            settled=settled,
        ).start()


class _Move:
    """Declares what is needed, publishes, acks; again until it is done or no longer ours."""

    __slots__ = ("_address", "_broker", "_message", "_parts", "_received", "_settled")

    def __init__(
        self,
        broker: Broker,
        received: Received,
        *,
        message: Message,
        address: Address,
        parts: Sequence[Part],
        settled: Settled,
    ) -> None:
        self._broker = broker
        self._received = received
        self._message = message
        self._address = address
        self._parts = parts
        self._settled = settled

    def start(self) -> None:
        if self._parts:
            self._broker.declare(self._parts, self._declared)
        else:
            self._declared(None)

    def _declared(self, error: BrokerError | None) -> None:
        if error is None:
            self._broker.publish(
                self._message, self._address, self._published, cause=self._received
            )
        else:
            self._published(error)

    def _published(self, error: BrokerError | None) -> None:
        if error is None:
            self._broker.ack(self._received)
            self._settled()
        elif not self._received.alive:
            self._settled()
        else:
            _log.warning("delivery.move_failed exchange=%s error=%s", self._address.exchange, error)
            self._broker.call_later(_AGAIN_AFTER_S, self.start)
