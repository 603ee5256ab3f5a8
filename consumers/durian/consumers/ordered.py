"""The order of a listener: one delivery at a time, and nothing passes one that waits.

Its queue hands out one message at a time to one process (a single active consumer). A failed
delivery stays where it is, so the message cannot say how often it was tried: this process
remembers, and the registry does for the one that may come after it. The queue is not let go before
the registry knows. Without the registry the next one begins to count anew; the order holds all the
same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from durian.broker.port import Received
from durian.consumers.commons import Commons
from durian.consumers.decision import Retry
from durian.consumers.deliverer import Ended
from durian.consumers.delivery import Delivery
from durian.errors import DurianError
from durian.registry import Head

#: Seconds that the first message of a consumer's life is left alone, before it is given back and
#: comes again. RabbitMQ's quorum queues hand the next message to the new active consumer a moment
#: before they take back the one that the old one held (seen on 3.10, however the old one ended);
#: after that moment they hand out both in their order.
SETTLE_S = 1.0

#: Seconds for which a queue is kept that is to be let go, when the registry does not take what is
#: known of its head: less than a process is given to end.
HAND_OVER_S = 20.0

#: Seconds before the registry is told again what it did not take.
AGAIN_S = 1.0


class Order:
    """How far the first delivery of one listener has come. Everything here runs on the loop."""

    def __init__(self, commons: Commons, listener_id: str, ready: Callable[[], None]) -> None:
        """Make one that calls `ready` when it has learned, or told, what it has to of a head."""
        self._commons = commons
        self._listener_id = listener_id
        self._ready = ready
        self._head: Head | None = None
        #: True when the registry knows as much of the head, as far as we know.
        self._written = True
        #: True when the registry has something to forget once there is no head any more.
        self._kept = False
        #: How often the registry is being told, or about to be told again.
        self._telling = 0
        #: Until when the queue is kept for the registry's sake, on the monotonic clock.
        self._keep_until: float | None = None
        #: The head that the registry is being asked about.
        self._asked: str | None = None
        #: False when another process may know more of the head.
        self._is_sure = False
        #: The last message, by which the end of a consumer's life is seen.
        self._last: Received | None = None

    def begin_life(self) -> None:
        """The queue is consumed anew: others may have had it meanwhile."""
        self._last = None

    def is_settled(self, received: Received) -> bool:
        """Tell whether a message is not the first of a consumer's life."""
        last, self._last = self._last, received
        if last is not None and last.alive:
            return True
        self._is_sure = False
        self._written = True  # another process may know more by now
        return False

    def arrived(self, received: Received) -> None:
        """A message has come: ask about it, if somebody may have tried to deliver it."""
        webhook_id = Delivery.of(self._listener_id, received.message).webhook_id
        if self._head is not None and self._head.webhook_id != webhook_id:
            self._head = None
        if received.redelivered and not (self._head and self._is_sure):
            self._asked = webhook_id
            self._kept = True
            question = partial(self._commons.state.get_head, self._listener_id)
            self._commons.registry.ask(question, partial(self._told, webhook_id))

    def wait_s(self) -> float | None:
        """How long the head has to wait, in seconds; None when that is not known yet."""
        if self._asked is not None:
            return None
        if self._head is None:
            return 0.0
        return max(0.0, self._head.due_at - self._commons.broker.clock.now())

    @property
    def head(self) -> Head | None:
        """What is known of the delivery that is first; None when it was never tried."""
        return self._head

    def ended(self, ended: Ended) -> bool:
        """An attempt has ended; True when the delivery stays where it is."""
        if not isinstance(ended.decision, Retry):
            self._forget()
            return False
        delivery = ended.delivery
        self._head = Head(
            listener_id=self._listener_id,
            webhook_id=delivery.webhook_id,
            attempts=delivery.attempts + 1,
            first_at_ms=delivery.first_at_ms or round(ended.at * 1000),
            due_at=ended.at + ended.decision.after_s,
            error=ended.error,
        )
        self._kept = True
        self._keep_until = None
        self._tell()
        return True

    def hand_over(self) -> bool:
        """See to it that the registry knows what is known here, before another process needs it.

        True when the queue may be let go: the registry knows, or does not listen. Otherwise it is
        told again, and `ready` is called.
        """
        now = self._commons.broker.clock.monotonic()
        if self._written or self._last is None or not self._last.alive:
            return True
        if self._keep_until is None:
            self._keep_until = now + HAND_OVER_S
        if now >= self._keep_until:
            return True
        if not self._telling:
            self._tell()
        return False

    def _forget(self) -> None:
        self._head = None
        if self._kept:
            self._kept = False
            self._keep_until = None
            self._tell()

    def _tell(self) -> None:
        """Tell the registry what is known of the head."""
        head, state = self._head, self._commons.state
        tell = (
            partial(state.drop_head, self._listener_id)
            if head is None
            else partial(state.put_head, head)
        )

        def told(answer: DurianError | None) -> None:
            if isinstance(answer, DurianError):
                self._commons.broker.call_later(AGAIN_S, over)
            else:
                self._written = self._written or self._head is head
                over()

        def over() -> None:
            self._telling -= 1
            self._ready()

        self._written = False
        self._telling += 1
        self._commons.registry.ask(tell, told)

    def _told(self, webhook_id: str, found: Head | DurianError | None) -> None:
        if self._asked != webhook_id:
            return
        self._asked = None
        self._is_sure = True
        if isinstance(found, Head) and found.webhook_id == webhook_id:
            known = 0 if self._head is None else self._head.attempts
            self._head = found if found.attempts > known else self._head
        self._written = self._head is None or self._head == found
        self._ready()
