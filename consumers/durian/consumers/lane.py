"""A lane: one listener's way through this process, which no other listener can block.

Here is decided whether its queue is consumed, how far ahead, and when the next attempt begins. A
lane consumes while its listener is enabled and its breaker allows it. A message at hand becomes an
attempt when everybody agrees: the breaker, the order, the concurrency, the pace, and at last the
turns that lanes take.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from durian.broker.port import Received, Subscription, Timer
from durian.consumers.at_hand import AtHand, at_hand
from durian.consumers.batch import Batch
from durian.consumers.circuit import Allowance, Circuit
from durian.consumers.commons import Commons
from durian.consumers.decision import Disable
from durian.consumers.deliverer import Ended, Split
from durian.consumers.gathering import Gathering, terms_of
from durian.consumers.keys import ListenerKeys
from durian.consumers.measures import LaneState
from durian.consumers.ordered import SETTLE_S, Order
from durian.consumers.rate import Pace
from durian.consumers.settle import Settled
from durian.consumers.turns import Account, Turn
from durian.errors import BrokerError
from durian.registry import Head, Listener, OpenBreaker

#: Messages held beyond those under way: a delivery is held until the broker has confirmed what
#: follows on it, some 20 ms under load, and its attempt should be followed at once nevertheless.
READY_AHEAD = 24

#: Messages held of a listener that takes batches, at most: RabbitMQ's quorum queues hand out no
#: more at a time.
MOST_HELD = 2000

#: With a rate, no more messages are held than begin within this many seconds.
_RATE_AHEAD_S = 10.0

#: Seconds a message may be held that was not begun; then it goes back to its queue, and comes
#: again. RabbitMQ closes a channel that holds one for half an hour, with all that is on it.
HOLD_S = 60.0


#: Seconds before a queue that was lost is declared and consumed again.
LOST_S = 5.0

_STATES: Final[Mapping[Allowance, LaneState]] = {
    "all": "delivering",
    "none": "failing",
    "one": "probing",
}


@dataclass(slots=True, eq=False)
class Start:
    """An attempt that begins."""

    taken: Received | Batch
    #: Since when it is held, on the monotonic clock.
    since: float
    #: What is known of it beyond its message, when its listener is ordered.
    head: Head | None
    turn: Turn
    #: True when it decides whether the listener's breaker closes.
    probe: bool


#: Makes an attempt elsewhere, and tells the lane by `finished`.
Attempt = Callable[["Lane", Start], None]


class Lane:
    """The consumer of one listener's queue, and what it holds.

    Everything but `finished` runs on the broker's loop.
    """

    __slots__ = (
        "_account",
        "_attempt",
        "_broker",
        "_commons",
        "_enabled",
        "_free_queue",
        "_life",
        "_order",
        "_pace",
        "_prefetch",
        "_queue",
        "_release",
        "_running",
        "_subscription",
        "_waiting",
        "_wake",
        "circuit",
        "keys",
        "listener",
    )

    def __init__(
        self, commons: Commons, listener: Listener, keys: ListenerKeys, attempt: Attempt
    ) -> None:
        self.listener = listener
        self.keys = keys
        self.circuit = Circuit(commons, listener, self._adjust)
        self._commons = commons
        self._broker = commons.broker
        self._queue = commons.topology.listener_queue(listener.id)
        self._attempt = attempt
        self._account = Account()
        self._pace = Pace(self._broker.clock, self._reserve, self._next)
        self._order = Order(commons, listener.id, self._adjust) if listener.policy.ordered else None
        self._enabled = False
        self._subscription: Subscription | None = None
        #: Replaced with each subscription, to know its messages by.
        self._life: object | None = None
        self._prefetch = 0
        #: Tells that the queue is let go.
        self._free_queue: Settled = _nothing
        self._waiting: AtHand = at_hand(listener.policy, self._broker.clock)
        self._running = 0
        self._wake: Timer | None = None
        self._release: Timer | None = None

    @property
    def state(self) -> LaneState:
        """What it is doing. May be read from any thread."""
        if not self._enabled:
            return "resting"
        return _STATES[self.circuit.allows]

    @property
    def held(self) -> int:
        """How many deliveries wait at hand for their attempt. May be read from any thread."""
        return len(self._waiting)

    def update(self, listener: Listener, keys: ListenerKeys, breaker: OpenBreaker | None) -> None:
        """Go on with a listener that is new or changed; attempts under way end as they began."""
        self.listener = listener
        self.keys = keys
        self._pace.reset()
        if self._waiting.terms != terms_of(listener.policy):
            self._let_go()
            self._prefetch = 0
            self._waiting = at_hand(listener.policy, self._broker.clock)
        self._enabled = True
        self.circuit.resume(listener, breaker)
        self._adjust()

    def pause(self) -> None:
        """Stop consuming, and give back what was not begun: it rests in the listener's queue."""
        self._enabled = False
        self._pace.reset()
        self.circuit.suspend()
        self._adjust()

    def finished(self, start: Start, ended: Ended | Split | None) -> None:
        """An attempt has ended, or none was made of what began. Called from any thread."""
        self._broker.call(partial(self._finished, start, ended))

    def _finished(self, start: Start, ended: Ended | Split | None) -> None:
        self._running -= 1
        if isinstance(start.taken, Batch):
            if isinstance(ended, Split):
                self._halve(start.taken)
        elif isinstance(ended, Ended):
            stays = self._order is not None and self._order.ended(ended)
            if stays and start.taken.alive:
                self._hold(start.taken, start.since)
        if isinstance(ended, Ended):
            self._judge(start, ended)
        self._adjust()
        self._commons.turns.end(start.turn)

    def _judge(self, start: Start, ended: Ended) -> None:
        if isinstance(ended.decision, Disable):
            self._commons.disable(self.listener, ended.decision.reason)
        elif ended.failed:
            self.circuit.failed(ended.public_error, probe=start.probe)
        else:
            self.circuit.succeeded()

    # Whether the queue is consumed

    def _adjust(self) -> None:
        """Consume as is wanted now."""
        wanted = self._wanted()
        if wanted != self._prefetch and not self._must_keep():
            self._let_go()
            self._take_up(wanted)
        self._next()

    def _wanted(self) -> int:
        """How many messages to hold at most; none when the queue is to rest."""
        if not self._enabled:
            return 0
        if self._order is not None:
            return 1  # its head waits at hand: whoever lets go of it lets the next one pass
        if self.circuit.allows != "all":
            return int(self.circuit.allows == "one")
        policy = self.listener.policy
        ahead = policy.concurrency * policy.batch_events + READY_AHEAD
        if policy.rate_per_s is not None:
            begin = max(1, math.ceil(policy.rate_per_s * _RATE_AHEAD_S))
            ahead = min(ahead, begin * policy.batch_events)
        return min(ahead, MOST_HELD)

    def _must_keep(self) -> bool:
        """Tell whether all stays as it is for now.

        The next process must neither begin before us nor know less than we do.
        """
        if self._order is None:
            return False
        return self._running > 0 or (self._prefetch > 0 and not self._order.hand_over())

    def _take_up(self, prefetch: int) -> None:
        self._prefetch = prefetch
        if prefetch:
            self._free_queue = self._commons.open.begin()
            life = self._life = object()
            if self._order is not None:
                self._order.begin_life()
            self._subscription = self._broker.consume(
                self._queue,
                partial(self._received, life),
                prefetch=prefetch,
                on_lost=partial(self._lost, life),
            )

    def _let_go(self) -> None:
        if self._subscription is not None:
            self._subscription.cancel()
            self._subscription = None
        # What is still on its way goes back when it comes.
        self._life = None
        self._give_back(math.inf)
        self._free_queue()

    def _lost(self, life: object, _: BrokerError | None) -> None:
        """The queue is gone for this consumer, or its node is: have it again after a while."""
        if life is self._life:
            self._subscription = self._life = None
            self._prefetch = 0
            self._free_queue()
            self._broker.call_later(LOST_S, self._have_again)

    def _have_again(self) -> None:
        """Declare the queue again and go on, unless the listener was disabled or removed."""
        if self._enabled:
            policy, kind = self.listener.policy, self.listener.queue_type
            parts = self._commons.topology.listener(self.listener.id, kind, ordered=policy.ordered)
            self._broker.declare(parts, lambda _error: self._adjust())

    # What is at hand

    def _received(self, life: object, received: Received) -> None:
        if life is not self._life:
            self._broker.requeue(received)
        elif self._order is not None and not self._order.is_settled(received):
            self._broker.call_later(SETTLE_S, partial(self._broker.requeue, received))
        else:
            self._hold(received, self._broker.clock.monotonic())
            if self._order is not None:
                self._order.arrived(received)
            self._next()

    def _hold(self, received: Received, since: float) -> None:
        self._waiting.append((received, since))
        self._let_go_after(since)

    def _halve(self, batch: Batch) -> None:
        """Keep a batch that was too large, to be sent in halves; or give it back."""
        if self._prefetch and isinstance(self._waiting, Gathering):
            self._waiting.halve(batch)
            self._let_go_after(self._broker.clock.monotonic())
        else:
            for member in batch.members:
                self._broker.requeue(member.received)

    def _let_go_after(self, since: float) -> None:
        if self._release is None:
            wait_s = max(0.0, since + HOLD_S - self._broker.clock.monotonic())
            self._release = self._broker.call_later(wait_s, self._release_old)

    def _release_old(self) -> None:
        """Give back what is held for too long."""
        now = self._broker.clock.monotonic()
        self._give_back(now - HOLD_S)
        self._release = None
        if self._waiting:
            wait_s = self._waiting.oldest + HOLD_S - now
            self._release = self._broker.call_later(wait_s, self._release_old)

    def _give_back(self, until: float) -> None:
        """Give back what came until a moment, the first first.

        A quorum queue hands it out again in the order in which it is given back, before all else.
        """
        for received in self._waiting.take_until(until):
            self._broker.requeue(received)

    # When an attempt begins

    def _next(self) -> None:
        """Ask for a turn if an attempt may begin; else come back when one may."""
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        wait_s = self._wait_s()
        if wait_s == 0.0:
            self._commons.turns.ask(self._account, self._take_turn)
        elif wait_s is not None:
            self._wake = self._broker.call_later(wait_s, self._next)

    def _wait_s(self) -> float | None:
        """How long until an attempt may begin, in seconds; None when something has to happen."""
        policy, allows = self.listener.policy, self.circuit.allows
        # Always asked, as it drops what the broker hands out again.
        ready = self._waiting.ready(hurry=allows != "all")
        single = allows == "one" or self._order is not None
        free = (1 if single else policy.concurrency) - self._running
        if free <= 0 or not self._waiting or allows == "none" or not self._enabled:
            return None
        if self._order is not None and (wait_s := self._order.wait_s()) != 0.0:
            return wait_s
        if not ready:
            return self._waiting.wait_s()
        return self._pace.wait_s(policy.rate_per_s, min(free, ready))

    def _take_turn(self) -> None:
        if self._wait_s() != 0.0:
            self._next()
            return
        taken, since = self._waiting.take()
        self._pace.take()
        self._running += 1
        head = None if self._order is None else self._order.head
        turn = self._commons.turns.begin(self._account)
        probe = self.circuit.allows == "one"
        self._attempt(self, Start(taken, since, head, turn, probe=probe))
        self._next()

    def _reserve(
        self, count: int, interval_s: float, reserved: Callable[[float | None], None]
    ) -> None:
        reserve = partial(self._commons.state.reserve_slots, self.listener.id, count, interval_s)
        self._commons.registry.ask(
            reserve, lambda first_s: reserved(first_s if isinstance(first_s, float) else None)
        )


def _nothing() -> None:
    """There is no queue to let go."""
