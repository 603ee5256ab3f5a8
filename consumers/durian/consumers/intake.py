"""An intake: one queue's messages, handed from the broker's loop to a thread that takes batches."""

from __future__ import annotations

import logging
import threading
from collections import deque
from functools import partial

from durian.broker.port import Broker, Done, Received, Subscription
from durian.broker.topology import Topology
from durian.errors import BrokerError

_log = logging.getLogger(__name__)

#: Seconds before a queue is declared and consumed again that was deleted.
_LOST_S = 5.0


class Intake:
    """Consumes a queue of the house, and keeps what comes until it is taken or given back.

    Closed at first. Any thread may call it; what is taken belongs to the taker.
    """

    def __init__(self, broker: Broker, topology: Topology, queue: str, *, prefetch: int) -> None:
        #: Set when something has come; whoever waits for it clears it before taking.
        self.arrived = threading.Event()
        self._broker = broker
        self._topology = topology
        self._queue = queue
        self._prefetch = prefetch
        self._lock = threading.Lock()
        self._waiting: deque[Received] = deque()
        #: These two change on the broker's loop only.
        self._open = False
        self._subscription: Subscription | None = None

    def __len__(self) -> int:
        """How many messages wait to be taken."""
        return len(self._waiting)

    def take(self, most: int) -> list[Received]:
        """Take the oldest messages, but none that the broker is going to hand out again."""
        taken: list[Received] = []
        with self._lock:
            while self._waiting and len(taken) < most:
                received = self._waiting.popleft()
                if received.alive:
                    taken.append(received)
        return taken

    def open(self) -> None:
        """Begin to consume. Harmless twice."""
        self._broker.call(self._begin)

    def pause(self, done: Done | None = None) -> None:
        """Stop consuming; what has come can still be taken. Harmless twice."""
        self._broker.call(partial(self._end, done))

    def close(self, done: Done | None = None) -> None:
        """Stop consuming, and give back what was not taken. Harmless twice."""
        self._broker.call(partial(self._give_back, done))

    def _begin(self) -> None:
        self._open = True
        self._consume()

    def _consume(self, _: BrokerError | None = None) -> None:
        if self._open and self._subscription is None:
            self._subscription = self._broker.consume(
                self._queue, self._received, prefetch=self._prefetch, on_lost=self._lost
            )

    def _received(self, received: Received) -> None:
        if not self._open:
            # It was on its way when the subscription ended.
            self._broker.requeue(received)
            return
        with self._lock:
            if len(self._waiting) >= self._prefetch:
                # More than the broker hands out: those before a lost connection come again.
                self._waiting = deque(each for each in self._waiting if each.alive)
            self._waiting.append(received)
        self.arrived.set()

    def _lost(self, error: BrokerError | None) -> None:
        self._subscription = None
        _log.warning("intake.queue_lost queue=%s error=%s", self._queue, error)
        self._broker.call_later(_LOST_S, self._declare)

    def _declare(self) -> None:
        self._broker.declare(self._topology.house(), self._consume)

    def _end(self, done: Done | None) -> None:
        self._open = False
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            subscription.cancel(done)
        elif done is not None:
            done(None)

    def _give_back(self, done: Done | None) -> None:
        self._end(None)
        with self._lock:
            waiting, self._waiting = self._waiting, deque()
        for received in waiting:
            self._broker.requeue(received)
        if done is not None:
            # In a turn of its own: by then the above is carried out.
            self._broker.call(partial(done, None))
