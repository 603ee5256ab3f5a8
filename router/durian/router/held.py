"""Events that wait, in their order, until the queues of their listeners have been seen."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from durian.broker.port import Received


class Held:
    """Received messages that cannot be routed yet, and all that came after them.

    For the broker's loop alone. Whatever is behind one waits too: the events of an ordered listener
    must not pass one another. What is unacked goes back to the queue if the router dies.
    """

    def __init__(
        self, waits: Callable[[Received], bool], route: Callable[[Received], None]
    ) -> None:
        """`waits` tells whether a message has to wait and asks for what it waits for."""
        self._waits = waits
        self._route = route
        self._held: deque[Received] = deque()

    def __len__(self) -> int:
        return len(self._held)

    def take(self, received: Received) -> None:
        """Route a message now, or once it can be."""
        # Asked in any case: so that all that wait are looked after at once.
        if self._waits(received) or self._held:
            self._held.append(received)
        else:
            self._route(received)

    def go_on(self) -> None:
        """Route those that need not wait any longer."""
        while self._held:
            received = self._held[0]
            if received.alive:
                if self._waits(received):
                    return
                self._route(received)
            self._held.popleft()
