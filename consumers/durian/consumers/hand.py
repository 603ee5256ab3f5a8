"""A hand in a queue: takes messages one by one, and moves them on or leaves them."""

from __future__ import annotations

import queue as queues
import threading
from dataclasses import replace
from types import TracebackType
from typing import Self

from durian.broker import blocking
from durian.broker.port import Address, Broker, Received
from durian.errors import BrokerError
from durian.events.message import Message
from durian.faults import failpoint

#: Seconds to wait for a message that the broker counted: another hand may have taken it.
_NEXT_S = 2.0

#: Seconds to wait for the confirms of what was moved.
_FINISH_S = 60.0


class Hand:
    """Blocking: never to be used on the broker's own thread. A context manager.

    What was neither moved nor being moved at the end goes back to its place.
    """

    def __init__(self, broker: Broker, queue: str, *, prefetch: int) -> None:
        self._broker = broker
        self._arrived: queues.SimpleQueue[Received] = queues.SimpleQueue()
        self._kept: list[Received] = []
        self._changed = threading.Condition()
        self._moving = 0
        self._error: BrokerError | None = None
        self._subscription = broker.consume(queue, self._arrived.put, prefetch=prefetch)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        blocking.wait(self._subscription.cancel)
        while not self._arrived.empty():
            self._kept.append(self._arrived.get())
        # In their order: quorum queues hand out what was given back in the order of its return.
        for received in self._kept:
            self._broker.requeue(received)

    def take(self) -> Received | None:
        """The next message; None when none comes."""
        try:
            received = self._arrived.get(timeout=_NEXT_S)
        except queues.Empty:
            return None
        self._kept.append(received)
        failpoint("replay.taken")
        return received

    def move(self, received: Received, message: Message, exchange: str) -> None:
        """Publish a message under its own key, then let the one it came from go."""
        self._kept.remove(received)

        def moved(error: BrokerError | None) -> None:
            if error is None:
                failpoint("replay.confirmed")
                self._broker.ack(received)
            else:
                self._broker.requeue(received)
            with self._changed:
                self._error = self._error or error
                self._moving -= 1
                self._changed.notify_all()

        with self._changed:
            self._moving += 1
        address = Address(exchange, message.routing_key)
        self._broker.publish(replace(message, exchange=""), address, moved, cause=received)
        failpoint("replay.published")

    def drop(self, received: Received) -> None:
        """Let a message go, for good."""
        self._kept.remove(received)
        self._broker.ack(received)

    def finish(self) -> None:
        """Wait until everything that is being moved has arrived. Raises BrokerError."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._moving, _FINISH_S):
                raise blocking.unanswered(self._broker)
            if self._error is not None:
                raise self._error
