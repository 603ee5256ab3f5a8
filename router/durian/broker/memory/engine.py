"""What the embedded broker holds and does; everything here runs on its loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from durian.broker.headers import to_send
from durian.broker.memory.exchanges import Exchanges
from durian.broker.memory.loop import Loop
from durian.broker.memory.queue import Consumer, MemoryQueue, MemoryReceived, Session
from durian.broker.parts import Binding, Exchange, Part, Queue
from durian.broker.port import Address, Done, Received
from durian.errors import (
    BrokerError,
    BrokerRefused,
    BrokerUnavailable,
    PublishRejected,
    QueueMissing,
    TopologyMismatch,
    Unroutable,
)
from durian.events.message import Message


class Engine:
    """Exchanges, queues and consumers."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._exchanges = Exchanges()
        self._queues: dict[str, MemoryQueue] = {}
        self._session = Session(alive=False)
        #: How often a connection was lost that this broker does not have.
        self.losses = 0
        #: What was published while publishing is blocked; None when it is not.
        self._held_up: list[Callable[[], None]] | None = None
        #: Who is told when that begins, and when it ends.
        self._on_blocked: list[Callable[[], None]] = []
        self._on_unblocked: list[Callable[[], None]] = []

    @property
    def held_up(self) -> int | None:
        """How many publishes are held up; None when they are not."""
        held_up = self._held_up
        return None if held_up is None else len(held_up)

    def open(self) -> None:
        """Begin a session: consumers may come."""
        self._session = Session()
        for queue in self._queues.values():
            queue.resume()

    def close(self) -> None:
        """End the session: consumers are gone, unsettled messages go back to their queues."""
        self._session.alive = False
        for name, queue in list(self._queues.items()):
            queue.consumers.clear()
            queue.give_all_back()
            if queue.declared.exclusive:
                self._drop(name)

    def lose(self) -> None:
        """Do what a lost connection does: unsettled messages are handed out again."""
        self.losses += 1
        self._session.alive = False
        self._session = Session()
        for queue in list(self._queues.values()):
            queue.give_all_back()
            queue.hand_out(self._session)

    def queue(self, name: str) -> MemoryQueue:
        """Find a queue. Raises QueueMissing."""
        if name not in self._queues:
            raise QueueMissing(f"There is no queue {name}.")
        return self._queues[name]

    def declare(self, parts: Sequence[Part]) -> None:
        """Make parts in their order. Raises TopologyMismatch or QueueMissing at the first error."""
        for part in parts:
            if isinstance(part, Exchange):
                self._exchanges.declare(replace(part, arguments=dict(part.arguments)))
            elif isinstance(part, Binding):
                self.queue(part.queue)
                self._exchanges.bind(part)
            else:
                self._declare_queue(replace(part, arguments=dict(part.arguments)))

    def _declare_queue(self, part: Queue) -> None:
        known = self._queues.get(part.name)
        if known is None:
            self._queues[part.name] = MemoryQueue(part, self._loop, self._route)
        elif known.declared != part:
            raise TopologyMismatch(f"Queue {part.name} exists with other arguments.")

    def delete(self, name: str) -> None:
        """Delete a queue; its consumers are told."""
        queue = self._drop(name)
        for consumer in queue.consumers if queue is not None else ():
            consumer.lose(QueueMissing(f"Queue {name} was deleted."))

    def _drop(self, name: str) -> MemoryQueue | None:
        self._exchanges.forget_queue(name)
        return self._queues.pop(name, None)

    def watch(self, blocked: Callable[[], None], unblocked: Callable[[], None]) -> None:
        """Tell somebody when publishing halts, and when it goes on."""
        self._on_blocked.append(blocked)
        self._on_unblocked.append(unblocked)

    def block(self) -> None:
        """Do what a shortage of memory does: publishing halts."""
        self._held_up = []
        for blocked in self._on_blocked:
            self._loop.call(blocked)

    def unblock(self) -> None:
        """Let publishing go on, with what waited."""
        held_up, self._held_up = self._held_up or [], None
        for function in (*held_up, *self._on_unblocked):
            self._loop.call(function)

    def publish(self, message: Message, to: Address, cause: Received | None, done: Done) -> None:
        """Put a message into every queue that wants it; tell what went wrong."""
        if self._held_up is not None:
            self._held_up.append(partial(self.publish, message, to, cause, done))
        else:
            done(self._publish(message, to, cause))

    def _publish(self, message: Message, to: Address, cause: Received | None) -> BrokerError | None:
        if cause is not None and not cause.alive:
            return BrokerUnavailable("The message's cause is handed out again.")
        sent = replace(message, headers=to_send(message.headers))
        return self._route(to.exchange, sent, (to.routing_key, *to.bcc))

    def _route(self, exchange: str, message: Message, keys: tuple[str, ...]) -> BrokerError | None:
        try:
            names = self._exchanges.route(exchange, keys)
        except QueueMissing as error:
            return error
        if not names:
            return Unroutable(f"No queue wants {keys[0]!r} of exchange {exchange}.")
        stored = replace(message, exchange=exchange, routing_key=keys[0])
        queues = [self._queues[name] for name in names]
        taken = [queue.offer(stored, keys) for queue in queues]
        for queue in queues:
            queue.hand_out(self._session)
        return None if all(taken) else PublishRejected(f"A queue of exchange {exchange} is full.")

    def consume(self, name: str, consumer: Consumer) -> None:
        """Let somebody have a queue's messages."""
        queue = self._queues.get(name)
        if queue is None:
            consumer.lose(QueueMissing(f"There is no queue {name}."))
        elif queue.is_stream and consumer.start is None:
            consumer.lose(BrokerRefused(f"Queue {name} is a stream: reading needs a start."))
        else:
            queue.consumers.append(consumer)
            queue.hand_out(self._session)

    def cancel(self, name: str, consumer: Consumer) -> None:
        """Hand out no more to somebody."""
        queue = self._queues.get(name)
        if queue is not None and consumer in queue.consumers:
            queue.consumers.remove(consumer)
            queue.hand_out(self._session)  # to the next, where only one is to be active

    def settle(self, received: MemoryReceived, *, requeue: bool) -> None:
        """Forget a message that was handed out, or put it back."""
        queue = self._queues.get(received.queue)
        if queue is not None and received.alive and queue.settle(received):
            if requeue:
                queue.give_back(received.entry)
            queue.hand_out(self._session)
