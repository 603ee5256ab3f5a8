"""Records of attempts on their way to the broker: those that come fast share a message."""

from __future__ import annotations

from functools import partial

from durian.broker.port import Address, Broker, Done
from durian.broker.topology import Topology
from durian.errors import BrokerError
from durian.events.message import Message
from durian.registry.attempt import Attempt, joined

#: Records in one message, and their bytes: a recorder holds thousands of messages.
MOST_RECORDS = 32
MOST_BYTES = 32_768


class _Flow:
    """What is recorded under one routing key: of one listener, with one result."""

    __slots__ = ("bytes", "unconfirmed", "waiting")

    def __init__(self) -> None:
        #: Each as JSON, with whom to tell.
        self.waiting: list[tuple[bytes, Done]] = []
        self.bytes = 0
        #: Messages that the broker has not confirmed yet.
        self.unconfirmed = 0


class Records:
    """Publishes the records of attempts. Everything here runs on the broker's loop.

    What comes within one turn of the loop goes as one message, and so does what comes while a
    message of its routing key is unconfirmed: an idle system waits for nothing, a busy one
    publishes as seldom as the broker confirms.

    A record has no cause that could make it again: what it tells has happened. It is published
    until the broker takes or refuses it, whatever becomes of its delivery.
    """

    def __init__(self, broker: Broker, topology: Topology) -> None:
        self._broker = broker
        self._exchange = topology.attempts
        #: By routing key; only those of which something waits or is unconfirmed.
        self._flows: dict[str, _Flow] = {}
        #: Keys of flows that began in this turn.
        self._new: list[str] = []

    def add(self, record: Attempt, done: Done) -> None:
        """Publish a record; `done` is told once it is safe, or refused."""
        key = f"{record.listener_id}.{record.result}"
        flow = self._flows.get(key)
        if flow is None:
            flow = self._flows[key] = _Flow()
            if not self._new:
                self._broker.call(self._end_turn)
            self._new.append(key)
        body = record.to_json()
        full = flow.bytes + len(body) > MOST_BYTES or len(flow.waiting) == MOST_RECORDS
        if full and flow.waiting:
            self._publish(key, flow)
        flow.waiting.append((body, done))
        flow.bytes += len(body)

    def _end_turn(self) -> None:
        keys, self._new = self._new, []
        for key in keys:
            flow = self._flows.get(key)
            if flow is not None and flow.waiting and not flow.unconfirmed:
                self._publish(key, flow)

    def _publish(self, key: str, flow: _Flow) -> None:
        """Send all that waits."""
        waiting, flow.waiting, flow.bytes = flow.waiting, [], 0
        flow.unconfirmed += 1
        message = Message(body=joined(body for body, _ in waiting), content_type="application/json")
        told = [done for _, done in waiting]
        self._broker.publish(
            message, Address(self._exchange, key), partial(self._confirmed, key, flow, told)
        )

    def _confirmed(
        self, key: str, flow: _Flow, told: list[Done], error: BrokerError | None
    ) -> None:
        flow.unconfirmed -= 1
        if not flow.unconfirmed:
            if flow.waiting:
                self._publish(key, flow)
            else:
                del self._flows[key]
        for done in told:
            done(error)
