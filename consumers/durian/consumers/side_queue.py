"""A queue that nobody consumes: what lies there is looked at, sent on, or thrown away."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial

from durian.broker import blocking
from durian.broker.port import Broker
from durian.consumers.hand import Hand
from durian.errors import QueueMissing
from durian.events.message import Message

#: Messages under way at once when a queue is gone through: what a crash can at most double.
WINDOW = 64

#: Messages looked at in one go: RabbitMQ's quorum queues hand out no more at a time.
BROWSE_MOST = 2000

#: Seconds that a message is in hand at most, as long as the rate allows it.
_HOLD_S = 60.0

#: Seconds between two signs of life.
_TICK_S = 1.0

#: Told, again and again, how many of how many are done.
Progress = Callable[[int, int], None]


def say_nothing(_done: int, _total: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Send:
    """It goes on to an exchange, under its own key."""

    message: Message
    exchange: str


@dataclass(frozen=True, slots=True)
class Stay:
    """It stays, at the end of the queue."""

    message: Message


@dataclass(frozen=True, slots=True)
class Drop:
    """It is thrown away."""


#: What becomes of a message.
Fate = Send | Stay | Drop


@dataclass(slots=True)
class Report:
    """What came of going through a queue for all of it, or for the messages of some ids."""

    #: None: all of it.
    asked: Collection[str] | None = None
    #: Messages that were sent on, or thrown away.
    count: int = 0
    #: Messages that were asked for and stay all the same, by the reason.
    kept: Counter[str] = field(default_factory=Counter)
    _seen: set[str] = field(default_factory=set)

    def is_asked(self, message_id: str) -> bool:
        """Tell whether a message of this id was asked for; it is there, then."""
        if self.asked is None:
            return True
        if message_id in self.asked:
            self._seen.add(message_id)
        return message_id in self.asked

    @property
    def missing(self) -> Collection[str]:
        """The ids that were asked for and are not there."""
        return sorted(set(self.asked or ()) - self._seen)


class SideQueue:
    """Blocking; safe to call from any thread but the broker's own."""

    def __init__(self, broker: Broker, queue: str, exchange: str) -> None:
        """`exchange` leads into the queue, under the key that a message has there."""
        self._broker = broker
        self._queue = queue
        self._exchange = exchange

    def count(self) -> int:
        """How many messages are ready; none when there is no such queue."""
        try:
            return blocking.count(self._broker, self._queue)
        except QueueMissing:
            return 0

    def browse(self, limit: int) -> list[Message]:
        """Look at the oldest messages, at most BROWSE_MOST; they stay where they are."""
        wanted = min(limit, BROWSE_MOST, self.count())
        if not wanted:
            return []
        with Hand(self._broker, self._queue, prefetch=wanted) as hand:
            taken = [received for _ in range(wanted) if (received := hand.take()) is not None]
            return [received.message for received in taken]

    def go_through(
        self,
        fate_of: Callable[[Message], Fate],
        *,
        rate_per_s: float | None = None,
        stop: threading.Event | None = None,
        progress: Progress = say_nothing,
    ) -> int:
        """Decide about every message that is there now; return how many left the queue.

        At most `rate_per_s` are sent on in a second. Each leaves its place once the next one is
        safe, so a crash loses none and doubles at most WINDOW. Whoever else goes through it
        meanwhile gets other messages.
        """
        stop = stop or threading.Event()
        total = self.count()
        left = 0
        if not total:
            return left
        with Hand(self._broker, self._queue, prefetch=_window(rate_per_s)) as hand:
            for seen in range(1, total + 1):
                received = None if stop.is_set() else hand.take()
                if received is None:
                    break
                fate = fate_of(received.message)
                left += not isinstance(fate, Stay)
                match fate:
                    case Send(message, exchange):
                        hand.move(received, message, exchange)
                        _pause(rate_per_s, stop, partial(progress, seen, total))
                    case Stay(message):
                        hand.move(received, message, self._exchange)
                    case Drop():
                        hand.drop(received)
                progress(seen, total)
            hand.finish()
        return left

    def delete(self) -> int:
        """Delete the queue with all it holds; return how many messages that were."""
        count = self.count()
        blocking.delete(self._broker, self._queue)
        return count


def _window(rate_per_s: float | None) -> int:
    """How many messages may be in hand: RabbitMQ takes back what is held for half an hour."""
    return WINDOW if rate_per_s is None else min(WINDOW, max(1, int(rate_per_s * _HOLD_S)))


def _pause(rate_per_s: float | None, stop: threading.Event, tell: Callable[[], None]) -> None:
    """Wait until the next one may be sent; whoever watches gets a sign of life meanwhile."""
    left_s = 1 / rate_per_s if rate_per_s else 0.0
    while left_s > _TICK_S and not stop.wait(_TICK_S):
        tell()
        left_s -= _TICK_S
    stop.wait(min(left_s, _TICK_S))
