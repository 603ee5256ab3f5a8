"""Dead letters: looking at them, sending them again, and throwing them away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass

from durian.broker import blocking
from durian.broker.port import Broker, Received
from durian.broker.topology import Topology
from durian.consumers.delivery import ERROR_HEADER, Delivery
from durian.consumers.hand import Hand
from durian.errors import QueueMissing
from durian.events.message import DEAD_AT_HEADER, REASON_HEADER

#: Dead letters under way at once when they are sent again: what a crash can at most send twice.
REPLAY_WINDOW = 64

#: Dead letters looked at in one go: RabbitMQ's quorum queues hand out no more at a time.
BROWSE_MOST = 2000

#: Told, after each, how many of how many are done.
Progress = Callable[[int, int], None]


def _say_nothing(_done: int, _total: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A delivery that was given up."""

    webhook_id: str
    listener_id: str
    event_id: str
    event_type: str
    attempts: int
    #: Why it was given up.
    reason: str
    #: What the last attempt failed with.
    error: str
    #: When it was given up, in milliseconds since the epoch; None when the broker did it itself.
    dead_at_ms: int | None
    body: bytes

    @classmethod
    def of(cls, listener_id: str, received: Received) -> DeadLetter:
        """Read it from its message."""
        message = received.message
        delivery = Delivery.of(listener_id, message)
        dead_at = str(message.headers.get(DEAD_AT_HEADER, ""))
        return cls(
            webhook_id=delivery.webhook_id,
            listener_id=listener_id,
            event_id=delivery.event_id,
            event_type=str(message.headers.get("ce-type", "")),
            attempts=delivery.attempts,
            reason=str(message.headers.get(REASON_HEADER, "dead-lettered by the broker")),
            error=str(message.headers.get(ERROR_HEADER, "")),
            dead_at_ms=int(dead_at) if dead_at.isdigit() else None,
            body=message.body,
        )


class DeadLetters:
    """The dead-letter queues. Blocking; safe to call from any thread but the broker's own."""

    def __init__(self, broker: Broker, topology: Topology) -> None:
        self._broker = broker
        self._topology = topology

    def count(self, listener_id: str) -> int:
        """How many dead letters a listener has."""
        try:
            return blocking.count(self._broker, self._topology.dead_queue(listener_id))
        except QueueMissing:
            return 0

    def browse(self, listener_id: str, limit: int = 100) -> list[DeadLetter]:
        """Look at the oldest dead letters, at most BROWSE_MOST; they stay where they are."""
        wanted = min(limit, BROWSE_MOST, self.count(listener_id))
        if not wanted:
            return []
        queue = self._topology.dead_queue(listener_id)
        with Hand(self._broker, queue, prefetch=wanted) as hand:
            taken = [received for _ in range(wanted) if (received := hand.take()) is not None]
            return [DeadLetter.of(listener_id, received) for received in taken]

    def replay(
        self,
        listener_id: str,
        *,
        webhook_ids: Collection[str] | None = None,
        rate_per_s: float | None = None,
        stop: threading.Event | None = None,
        progress: Progress = _say_nothing,
    ) -> int:
        """Send dead letters again, from their first attempt on; return how many.

        All that are there now, or only those named; the others go round to the queue's end. Each
        leaves its place once the next one is safe, so a crash loses none and sends at most
        REPLAY_WINDOW twice, under the same webhook-id. Two replays at a time share the dead
        letters between them: none is sent by both.
        """
        stop = stop or threading.Event()
        total = self.count(listener_id)
        sent = 0
        if not total:
            return sent
        queue = self._topology.dead_queue(listener_id)
        with Hand(self._broker, queue, prefetch=REPLAY_WINDOW) as hand:
            for seen in range(1, total + 1):
                received = None if stop.is_set() else hand.take()
                if received is None:
                    break
                delivery = Delivery.of(listener_id, received.message)
                if webhook_ids is None or delivery.webhook_id in webhook_ids:
                    hand.move(received, delivery.anew(), self._topology.deliver)
                    sent += 1
                    stop.wait(1 / rate_per_s if rate_per_s else 0)
                else:
                    hand.move(received, delivery.message, self._topology.dead)
                progress(seen, total)
            hand.finish()
        return sent

    def purge(self, listener_id: str) -> int:
        """Throw a listener's dead letters away; return how many there were."""
        count = self.count(listener_id)
        blocking.delete(self._broker, self._topology.dead_queue(listener_id))
        return count
