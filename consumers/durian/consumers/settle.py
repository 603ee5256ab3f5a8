"""Settling a delivery: its record and its next place are safe first, then it leaves its queue."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from durian.broker.parts import Part
from durian.broker.port import Address, Broker, Received
from durian.broker.topology import BUCKETS_MS, Topology, bucket_at_least, bucket_for
from durian.consumers.decision import Retry
from durian.consumers.records import Records
from durian.errors import BrokerError, QueueMissing, TopologyMismatch
from durian.events.message import Message
from durian.faults import failpoint
from durian.registry.attempt import Attempt

_log = logging.getLogger(__name__)

#: Seconds before a step is tried again that the broker refused: the delivery stays unacked.
_AGAIN_AFTER_S = 1.0

#: Told, on whatever thread, that a delivery has left this process.
Settled = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Move:
    """The next place of a delivery."""

    message: Message
    address: Address
    #: What has to exist before.
    parts: Sequence[Part]
    #: True when that is declared once by each process, as long as nothing says that it is gone.
    once: bool = False
    #: Makes the move to go by when some of it exists in another form, declared by hand.
    otherwise: Callable[[], Move] | None = None


class Settler:
    """Settles deliveries. Everything here runs on the broker's loop, and returns at once."""

    def __init__(self, broker: Broker, topology: Topology, rng: random.Random) -> None:
        self._broker = broker
        self._topology = topology
        self._rng = rng
        self._records = Records(broker, topology)
        #: Exchanges this process has declared; the broker declares them again after a reconnect.
        self._known: set[str] = set()

    def delayed(self, message: Message, retry: Retry) -> Move:
        """The move to the delay bucket of a wait; the routing key brings it back."""
        bucket_ms = (
            bucket_at_least(retry.after_s) if retry.exact else bucket_for(retry.after_s, self._rng)
        )
        return self._into(bucket_ms, message)

    def _into(self, bucket_ms: int, message: Message) -> Move:
        """The move to a bucket, or the next longer one: nobody may wait in one that is not ours."""
        address = Address(self._topology.delay(bucket_ms), message.routing_key)
        longer = next((each for each in BUCKETS_MS if each > bucket_ms), None)
        return Move(
            message,
            address,
            self._topology.delay_bucket(bucket_ms),
            once=True,
            otherwise=None if longer is None else partial(self._into, longer, message),
        )

    def buried(self, message: Message) -> Move:
        """The move to the listener's dead-letter queue.

        The queue is declared each time: people delete emptied queues by hand, and the dead letter
        would go to the orphans then. It does when that queue is another one, and is not bound.
        """
        address = Address(self._topology.dead, message.routing_key)
        parts = self._topology.dead_letters(message.routing_key)
        return Move(message, address, parts, otherwise=partial(Move, message, address, ()))

    def settle(
        self,
        received: Received,
        record: Attempt | None,
        move: Move | None,
        settled: Settled,
        *,
        news: Sequence[tuple[Message, Address]] = (),
    ) -> None:
        """Publish the record, then make the move, then publish news, ack, and call `settled`.

        A record or news that the broker does not take are given up with a word in the log: they
        serve people, and must never hold a delivery. A move is made again until it is done.
        """
        settlement = _Settlement(self._broker, received, move, settled, self._known)
        settlement.news += news
        if record is None:
            settlement.recorded(None)
        else:
            self._records.add(record, settlement.recorded)

    def record(self, received: Received, record: Attempt) -> None:
        """Publish the record of an attempt at a delivery that stays where it is."""
        self._records.add(record, partial(_told, received))


class _Settlement:
    """One delivery on its way out."""

    __slots__ = ("_broker", "_known", "_move", "_received", "_settled", "news")

    def __init__(
        self,
        broker: Broker,
        received: Received,
        move: Move | None,
        settled: Settled,
        known: set[str],
    ) -> None:
        self._broker = broker
        self._received = received
        self._move = move
        #: What is published once the move is done.
        self.news: list[tuple[Message, Address]] = []
        self._settled = settled
        self._known = known

    def recorded(self, error: BrokerError | None) -> None:
        _told(self._received, error)
        failpoint("delivery.recorded")
        self.start()

    def start(self) -> None:
        move = self._move
        if move is None:
            self._moved(None)
        elif move.once and move.address.exchange in self._known:
            self._declared(None)
        else:
            self._broker.declare(move.parts, self._declared)

    def _declared(self, error: BrokerError | None) -> None:
        move = self._move
        if move is not None and move.otherwise and isinstance(error, TopologyMismatch):
            _log.error("delivery.queue_unusable exchange=%s error=%s", move.address.exchange, error)
            self._move = move.otherwise()
            self.start()
        elif error is not None or move is None:
            self._moved(error)
        else:
            failpoint("delivery.declared")
            # Only now: a publish to an exchange that does not exist yet closes the channel.
            self._known.add(move.address.exchange)
            self._broker.publish(move.message, move.address, self._moved, cause=self._received)
            failpoint("delivery.published")

    def _moved(self, error: BrokerError | None) -> None:
        if error is None:
            failpoint("delivery.confirmed")
            self._tell(None)
        elif not self._received.alive:
            self._settled()
        else:
            _log.warning("delivery.move_failed error=%s", error)
            if self._move is not None:
                self._known.discard(self._move.address.exchange)
                if isinstance(error, QueueMissing) and not self._move.once:
                    self._broker.redeclare()
            self._broker.call_later(_AGAIN_AFTER_S, self.start)

    def _tell(self, error: BrokerError | None) -> None:
        _told(self._received, error)
        if self.news:
            message, address = self.news.pop(0)
            self._broker.publish(message, address, self._tell, cause=self._received)
        else:
            self._broker.ack(self._received)
            self._settled()


def _told(received: Received, error: BrokerError | None) -> None:
    """Say that a record or news are lost; of a delivery that comes again, they come again."""
    if error is not None and received.alive:
        _log.warning("delivery.record_failed error=%s", error)
