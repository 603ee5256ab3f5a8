"""What a lane has at hand: deliveries that are sent one by one, or batches in the making."""

from __future__ import annotations

from collections import deque

from durian.broker.clock import Clock
from durian.broker.port import Received
from durian.consumers.gathering import Gathering, Held, Terms, terms_of
from durian.registry import Policy


class Singly(deque[Held]):
    """Deliveries that are sent one by one, in the order in which they came."""

    #: There are no batches.
    terms: Terms | None = None

    @property
    def oldest(self) -> float:
        """Since when the first one is held; there has to be one."""
        return self[0][1]

    def ready(self, *, hurry: bool) -> int:  # noqa: ARG002  # nothing here waits for company
        """Drop what the broker hands out again; return how many attempts may begin."""
        while self and not self[0][0].alive:
            self.popleft()
        return len(self)

    def wait_s(self) -> float:
        """Seconds until the next attempt may begin, as far as it is decided here."""
        return 0.0

    def take(self) -> Held:
        """Take what is tried next; `ready` said that there is something."""
        return self.popleft()

    def take_until(self, until: float) -> list[Received]:
        """Take what came until a moment, the first first."""
        old = [received for received, since in self if since <= until]
        for _ in old:
            self.popleft()
        return old


AtHand = Singly | Gathering


def at_hand(policy: Policy, clock: Clock) -> AtHand:
    """Make an empty one, as a listener's policy wants it."""
    terms = terms_of(policy)
    return Singly() if terms is None else Gathering(terms, clock)
