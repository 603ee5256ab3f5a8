"""A lane: one listener's way through this process, which no other listener can block."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from durian.broker.port import Broker, Received, Subscription
from durian.consumers.keys import SigningKeys
from durian.errors import BrokerError
from durian.registry import Listener

#: Messages held beyond those under way, so that a finished attempt is followed at once.
_READY_AHEAD = 32


class Lane:
    """The consumer of one listener's queue, and what it holds.

    Everything but `finished` runs on the broker's loop.
    """

    def __init__(
        self,
        broker: Broker,
        queue: str,
        listener: Listener,
        keys: SigningKeys,
        attempt: Callable[[Lane, Received], None],
    ) -> None:
        self.listener = listener
        self.keys = keys
        self._broker = broker
        self._queue = queue
        self._attempt = attempt
        self._subscription: Subscription | None = None
        self._prefetch = 0
        self._waiting: deque[Received] = deque()
        self._running = 0

    @property
    def idle(self) -> bool:
        """True when no attempt is under way."""
        return self._running == 0

    def update(self, listener: Listener, keys: SigningKeys) -> None:
        """Go on with a changed listener; attempts under way end as they began."""
        self.listener = listener
        self.keys = keys
        if self._subscription is not None and self._prefetch != self._wanted():
            self.pause()
        self.resume()

    def resume(self) -> None:
        """Consume, unless it does already."""
        if self._subscription is None:
            self._prefetch = self._wanted()
            self._subscription = self._broker.consume(
                self._queue, self._received, prefetch=self._prefetch, on_lost=self._lost
            )

    def pause(self) -> None:
        """Stop consuming, and give back what was not begun: it rests in the listener's queue."""
        if self._subscription is not None:
            self._subscription.cancel(self._give_back)
            self._subscription = None
        self._give_back()

    def finished(self) -> None:
        """One attempt has ended: begin the next. Called from any thread."""
        self._broker.call(self._next)

    def _wanted(self) -> int:
        concurrency = self.listener.policy.concurrency
        return concurrency + min(concurrency, _READY_AHEAD)

    def _received(self, received: Received) -> None:
        self._waiting.append(received)
        self._begin()

    def _next(self) -> None:
        self._running -= 1
        self._begin()

    def _begin(self) -> None:
        while self._waiting and self._running < self.listener.policy.concurrency:
            received = self._waiting.popleft()
            if received.alive:
                self._running += 1
                self._attempt(self, received)

    def _give_back(self, _: BrokerError | None = None) -> None:
        while self._waiting:
            self._broker.requeue(self._waiting.pop())

    def _lost(self, _: BrokerError | None) -> None:
        """The queue is gone for this consumer; the next change of the listener consumes again."""
        self._subscription = None
