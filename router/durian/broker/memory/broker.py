"""The embedded broker: the Broker port on plain Python objects."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar, cast

from durian.broker.clock import Clock, FakeClock, SystemClock
from durian.broker.memory.engine import Engine
from durian.broker.memory.loop import LoopTimer, ManualLoop, ThreadLoop
from durian.broker.memory.queue import Consumer, MemoryQueue, MemoryReceived
from durian.broker.parts import Part
from durian.broker.port import Address, BrokerState, Done, QueueState, Received, StreamStart
from durian.errors import BrokerError
from durian.events.message import Message

_Answer = TypeVar("_Answer")


class MemoryBroker:
    """A broker in this process, for `durian up` and for tests; nothing outlives the process.

    With a FakeClock it has no thread. Verbs that report to a `done`, and `call`, are carried out
    before they return (callbacks run in the calling thread); after the others call `run`. Time
    stands still but for `advance`.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._loop = (
            ManualLoop(self._clock)
            if isinstance(self._clock, FakeClock)
            else ThreadLoop(self._clock)
        )
        self._engine = Engine(self._loop)

    @property
    def clock(self) -> Clock:
        """The clock that delays and timers go by."""
        return self._clock

    @property
    def state(self) -> BrokerState:
        """How things stand: what is published waits for nothing but a test."""
        held_up = self._engine.held_up
        return BrokerState(
            connected=True,
            blocked=held_up is not None,
            reconnects=self._engine.losses,
            unconfirmed=held_up or 0,
        )

    def start(self) -> None:
        """Begin to work. Queues hold what they held when it was stopped."""
        self._engine.open()
        self._loop.start()

    def stop(self) -> None:
        """Stop; consumers are gone, unsettled messages go back to their queues. Harmless twice."""
        self._loop.stop()
        self._engine.close()

    def declare(self, parts: Sequence[Part], done: Done) -> None:
        """Make sure exchanges, queues and bindings exist, in the given order."""
        wanted = tuple(parts)
        self.call(lambda: done(_error_of(lambda: self._engine.declare(wanted))))

    def delete_queue(self, name: str, done: Done) -> None:
        """Delete a queue with all it holds. Harmless when absent."""
        self.call(lambda: done(_error_of(lambda: self._engine.delete(name))))

    def forget_queue(self, name: str) -> None:
        """Do not declare a queue again: nothing is, for the connection is never lost."""

    def redeclare(self) -> None:
        """Declare again what is remembered: nothing, for nobody else can delete exchanges."""

    def inspect(self, queue: str, done: Callable[[QueueState | BrokerError], None]) -> None:
        """Tell how things stand with a queue, or QueueMissing."""

        def tell() -> None:
            error = _error_of(lambda: self._engine.queue(queue))
            done(error or self._engine.queue(queue).state)

        self.call(tell)

    def publish(
        self, message: Message, to: Address, done: Done, *, cause: Received | None = None
    ) -> None:
        """Publish; `done(None)` once every target queue has it."""
        self.call(partial(self._engine.publish, message, to, cause, done))

    def on_blocked(self, blocked: Callable[[], None], unblocked: Callable[[], None]) -> None:
        """Be told when publishing halts; here it does only when a test wants it to."""
        self.call(partial(self._engine.watch, blocked, unblocked))

    def consume(
        self,
        queue: str,
        on_message: Callable[[Received], None],
        *,
        prefetch: int,
        on_lost: Done | None = None,
        start: StreamStart | None = None,
    ) -> MemorySubscription:
        """Hand out messages of a queue, at most `prefetch` unsettled at a time."""
        consumer = Consumer(on_message, on_lost, prefetch, start)
        self._loop.call(partial(self._engine.consume, queue, consumer))
        return MemorySubscription(self, self._engine, queue, consumer)

    def ack(self, received: Received) -> None:
        """Settle a message: it is done and leaves its queue."""
        mine = cast("MemoryReceived", received)
        self._loop.call(partial(self._engine.settle, mine, requeue=False))

    def requeue(self, received: Received) -> None:
        """Give a message back untouched; it keeps its place."""
        mine = cast("MemoryReceived", received)
        self._loop.call(partial(self._engine.settle, mine, requeue=True))

    def call(self, function: Callable[[], None]) -> None:
        """Run a function on the loop, soon."""
        self._loop.call(function)
        self._loop.settle()

    def call_later(self, seconds: float, function: Callable[[], None]) -> LoopTimer:
        """Run a function on the loop after a while."""
        return self._loop.call_later(seconds, function)

    def watch(self, fd: int, ready: Callable[[], None]) -> None:
        """Call `ready` on the loop while something can be read from `fd`; not with a FakeClock."""
        self.call(partial(self._loop.watch, fd, ready))

    def unwatch(self, fd: int) -> None:
        """Watch it no longer. Harmless when it is not watched."""
        self.call(partial(self._loop.unwatch, fd))

    # What tests need beyond the port.

    def run(self) -> None:
        """With a FakeClock: run until idle, also what became due by moving the clock by hand."""
        self._loop.settle()

    def advance(self, seconds: float) -> None:
        """Move the FakeClock: everything that falls due on the way happens in its order."""
        assert isinstance(self._loop, ManualLoop), "only a FakeClock can be moved"  # noqa: S101  # a mistake in a test
        self._loop.advance(seconds)

    def lose(self) -> None:
        """Do what a lost connection does: unsettled messages are handed out again."""
        self.call(self._engine.lose)

    @contextlib.contextmanager
    def alarm(self) -> Iterator[None]:
        """Be short of memory for a while: publishing halts, all else goes on."""
        self.call(self._engine.block)
        try:
            yield
        finally:
            self.call(self._engine.unblock)

    def messages(self, queue: str) -> list[Message]:
        """The messages that are ready in a queue, in order. Raises QueueMissing."""
        return self._look(queue, lambda found: [entry.message for entry in found.ready])

    def ready(self, queue: str) -> int:
        """How many messages are ready in a queue. Raises QueueMissing."""
        return self._look(queue, lambda found: len(found.ready))

    def unsettled(self, queue: str) -> int:
        """How many messages of a queue are handed out and not settled. Raises QueueMissing."""
        return self._look(queue, lambda found: len(found.handed_out))

    def _look(self, name: str, question: Callable[[MemoryQueue], _Answer]) -> _Answer:
        """Ask a queue something: on the loop when that runs on a thread of its own."""
        if not self._loop.elsewhere():
            return question(self._engine.queue(name))
        answers: list[_Answer | BrokerError] = []
        answered = threading.Event()

        def look() -> None:
            error = _error_of(lambda: self._engine.queue(name))
            answers.append(error or question(self._engine.queue(name)))
            answered.set()

        self._loop.call(look)
        answered.wait()
        if isinstance(answers[0], BrokerError):
            raise answers[0]
        return answers[0]


class MemorySubscription:
    """One consumer of one queue."""

    __slots__ = ("_broker", "_consumer", "_engine", "_queue")

    def __init__(
        self, broker: MemoryBroker, engine: Engine, queue: str, consumer: Consumer
    ) -> None:
        self._broker = broker
        self._engine = engine
        self._queue = queue
        self._consumer = consumer

    @property
    def queue(self) -> str:
        """The name of the queue it consumes."""
        return self._queue

    def cancel(self, done: Done | None = None) -> None:
        """Stop handing out messages; what was handed out stays unsettled."""

        def end() -> None:
            self._engine.cancel(self._queue, self._consumer)
            if done is not None:
                # After what was handed out before, which may be on its way.
                self._broker.call(partial(done, None))

        self._broker.call(end)


def _error_of(function: Callable[[], object]) -> BrokerError | None:
    """Run a function; tell the BrokerError it raised."""
    try:
        function()
    except BrokerError as error:
        return error
    return None
