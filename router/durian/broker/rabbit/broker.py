"""RabbitMQ behind the Broker port."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from durian.broker.clock import Clock, SystemClock
from durian.broker.parts import Part
from durian.broker.port import Address, BrokerState, Done, QueueState, Received, StreamStart
from durian.broker.rabbit.address import parameters_of
from durian.broker.rabbit.declarer import Request
from durian.broker.rabbit.lane import Publication
from durian.broker.rabbit.loop import IoTimer
from durian.broker.rabbit.operations import (
    Operation,
    declaration,
    deletion,
    in_phases,
    inspection,
    is_quorum,
)
from durian.broker.rabbit.session import Session
from durian.broker.rabbit.subscription import RabbitSubscription
from durian.errors import BrokerError, QueueMissing
from durian.events.message import Message

if TYPE_CHECKING:
    from durian.broker.rabbit.received import RabbitReceived

#: Seconds `start` tries to reach a broker, which may just be starting itself.
PATIENCE_S = 5.0

#: Seconds that a new quorum queue is given before it counts as declared. A node writes the names of
#: new ones to its disk only when none was declared for half a second (measured on 3.10); killed
#: before that, it comes back with the queue and without the messages that it had confirmed.
SETTLE_S = 1.5


#: Seconds within which a queue is begun to be deleted: whoever asked has given up soon after.
DELETE_WITHIN_S = 4.0


class RabbitBroker:
    """A RabbitMQ broker, or a cluster of them.

    `url` may name several hosts, with `;` between: the next one is tried when one fails. `name`
    is what RabbitMQ's UI shows of the connections; `settle_s` is how many seconds a new queue is
    given, see SETTLE_S. Start it once; after `stop`, make another.

    Raises InvalidSettings when the URL cannot be understood.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str = "durian",
        patience_s: float = PATIENCE_S,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._clock = SystemClock()
        self._patience_s = patience_s
        self._settle_s = settle_s
        self._session = Session(
            parameters_of(url, f"{name} consume"), parameters_of(url, f"{name} publish")
        )
        self._loop = self._session.loop
        self._started = False

    @property
    def clock(self) -> Clock:
        """The clock that delays and timers go by: the machine's."""
        return self._clock

    @property
    def state(self) -> BrokerState:
        """How things stand between this process and RabbitMQ."""
        return self._session.state

    @property
    def server_version(self) -> str:
        """The version the broker told when it was last connected, such as `4.1.0`."""
        return self._session.server_version

    def start(self) -> None:
        """Connect. Raises BrokerUnavailable or BrokerRefused."""
        self._started = True
        try:
            self._session.start(self._patience_s)
        except BrokerError:
            self._started = False
            raise

    def stop(self) -> None:
        """Wait for confirms of what was published, then close everything. Harmless twice."""
        if self._started:
            self._started = False
            self._session.stop()

    def declare(self, parts: Sequence[Part], done: Done) -> None:
        """Make sure exchanges, queues and bindings exist, in the given order."""
        new: list[str] = []
        looks = [
            Operation(inspection(part.name), _ignore, partial(_note_missing, new, part.name))
            for part in parts
            if is_quorum(part) and not self._session.known.has(part)
        ]
        phases = [
            [Operation(declaration(part), partial(self._remember, part)) for part in phase]
            for phase in in_phases(tuple(parts))
        ]

        def declared(error: BrokerError | None) -> None:
            if new:
                self._loop.call_later(self._settle_s, partial(done, error))
            else:
                done(error)

        self._submit(Request([looks, *phases] if looks else phases, declared))

    def delete_queue(self, name: str, done: Done) -> None:
        """Delete a queue with all it holds, and forget its declaration. Harmless when absent."""
        forget = partial(self._forget, name)
        phases = [[Operation(deletion(name), forget)]]
        until = self._clock.monotonic() + DELETE_WITHIN_S
        self._submit(Request(phases, done, lasting=False, until=until))

    def forget_queue(self, name: str) -> None:
        """Do not declare a queue again after a reconnect; it stays as it is."""
        forget = partial(self._forget, name)
        self._loop.call(partial(forget, None))
        # And once more behind a declaration that is still on its way.
        self._submit(Request([], forget))

    def redeclare(self) -> None:
        """Declare again what is remembered, unless that was done just now."""
        self._loop.call(self._session.redeclare)

    def inspect(self, queue: str, done: Callable[[QueueState | BrokerError], None]) -> None:
        """Tell how things stand with a queue, or QueueMissing."""

        def inspected(answer: Any) -> None:
            told = answer.method
            done(QueueState(ready=told.message_count, consumers=told.consumer_count))

        operation = Operation(inspection(queue), inspected, done)
        self._submit(Request([[operation]], _ignore))

    def publish(
        self, message: Message, to: Address, done: Done, *, cause: Received | None = None
    ) -> None:
        """Publish persistent and mandatory; `done(None)` once every target queue has it safely."""
        publication = Publication(message, to, done, cause)
        if self._loop.here():
            self._session.publisher.publish(publication)
        else:
            self._loop.call(partial(self._session.publisher.publish, publication))

    def on_blocked(self, blocked: Callable[[], None], unblocked: Callable[[], None]) -> None:
        """Be told when publishing halts, and when it goes on."""
        self._loop.call(partial(self._session.watch, blocked, unblocked))

    def consume(
        self,
        queue: str,
        on_message: Callable[[Received], None],
        *,
        prefetch: int,
        on_lost: Done | None = None,
        start: StreamStart | None = None,
    ) -> RabbitSubscription:
        """Hand out messages of a queue, at most `prefetch` unsettled at a time."""
        subscription = RabbitSubscription(self, queue, on_message, prefetch, on_lost, start=start)
        self._loop.call(partial(self._session.consumers.add, subscription))
        return subscription

    def cancel(self, subscription: RabbitSubscription, done: Done | None) -> None:
        """End a subscription, on its behalf."""
        self._loop.call(partial(self._session.consumers.cancel, subscription, done))

    def ack(self, received: Received) -> None:
        """Settle a message: it is done and leaves its queue. Twice is harmless."""
        mine = cast("RabbitReceived", received)
        tag, mine.tag = mine.tag, 0
        if tag and self._loop.here():
            mine.channel.ack(tag)
        elif tag:
            self._loop.call(partial(mine.channel.ack, tag))

    def requeue(self, received: Received) -> None:
        """Give a message back untouched; it keeps its place. Twice is harmless."""
        mine = cast("RabbitReceived", received)
        tag, mine.tag = mine.tag, 0
        if tag:
            self._loop.call(partial(mine.channel.give_back, tag))

    def call(self, function: Callable[[], None]) -> None:
        """Run a function on the loop, soon."""
        self._loop.call(function)

    def call_later(self, seconds: float, function: Callable[[], None]) -> IoTimer:
        """Run a function on the loop after a while."""
        return self._loop.call_later(seconds, function)

    def watch(self, fd: int, ready: Callable[[], None]) -> None:
        """Call `ready` on the loop while something can be read from `fd`."""
        self._loop.call(partial(self._loop.watch, fd, ready))

    def unwatch(self, fd: int) -> None:
        """Watch it no longer. Harmless when it is not watched."""
        self._loop.call(partial(self._loop.unwatch, fd))

    def _remember(self, part: Part, _: object) -> None:
        self._session.known.add(part)

    def _forget(self, queue: str, _: object) -> None:
        self._session.known.forget_queue(queue)

    def _submit(self, request: Request) -> None:
        self._loop.call(partial(self._session.declarer.submit, request))


def _ignore(_: object) -> None:
    """Whoever asked has been told."""


def _note_missing(new: list[str], name: str, error: BrokerError) -> None:
    """Remember a queue that does not exist yet; whatever else is wrong, declaring it will tell."""
    if isinstance(error, QueueMissing):
        new.append(name)
