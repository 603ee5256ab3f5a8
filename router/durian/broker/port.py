"""The Broker port: the few verbs Durian asks of a message broker.

Two adapters keep this contract, and one suite (tests/contract) runs against both: `RabbitBroker`
(pika) and `MemoryBroker` (in this process, for `durian up` and for tests).

Threads. Every adapter owns one loop. All callbacks (`on_message`, `done`, `call`, `call_later`)
run on that loop, one at a time, and must not block. All methods may be called from any thread,
also from inside callbacks. None of them blocks except `start` and `stop`.

Errors. `done` gets None or a BrokerError. Adapters reconnect by themselves for ever; a lost
connection is not an error for `publish`, `declare` and `consume`: they are carried out, or carried
out again, once the broker is back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from durian.broker.clock import Clock
from durian.broker.parts import Part
from durian.errors import BrokerError
from durian.events.message import Message

#: Told the outcome of an operation: None when it is done.
Done = Callable[[BrokerError | None], None]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message goes: an exchange, a routing key, and further keys nobody gets to see."""

    exchange: str
    routing_key: str
    #: Further routing keys (RabbitMQ's BCC header): one publish, many queues. At most 63.
    bcc: tuple[str, ...] = ()


#: Where reading a stream begins: at an offset, or at a time (aware; a little earlier is possible).
StreamStart = int | datetime

#: The header that tells a message's offset in its stream, an int.
STREAM_OFFSET_HEADER = "x-stream-offset"


class Received(Protocol):
    """A message handed to a consumer: it stays in its queue until it is acked."""

    @property
    def message(self) -> Message:
        """The message as it lies in the queue."""

    @property
    def queue(self) -> str:
        """The name of the queue it came from."""

    @property
    def redelivered(self) -> bool:
        """True when the broker may have handed it out before."""

    @property
    def alive(self) -> bool:
        """False once its channel is gone: the broker hands it out again, acking it is a no-op."""


class Subscription(Protocol):
    """One consumer of one queue."""

    @property
    def queue(self) -> str:
        """The name of the queue it consumes."""

    def cancel(self, done: Done | None = None) -> None:
        """Stop handing out messages. What was handed out stays unsettled: ack it or give it back.

        After `done` no further `on_message` is called.
        """


class Timer(Protocol):
    """A call that will be made later."""

    def cancel(self) -> None:
        """Do not make it. Harmless when it was made already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerState:
    """How things stand between this process and its broker, at this moment."""

    #: True when it can be published to and consumed from.
    connected: bool
    #: True when the broker takes nothing that is published, see `Broker.on_blocked`.
    blocked: bool
    #: How often a connection was made again that had been lost.
    reconnects: int
    #: Messages that were published, and neither confirmed nor refused yet.
    unconfirmed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """How things stand with a queue, at this moment."""

    #: Messages that are ready: nobody holds them.
    ready: int
    #: Who takes messages from it; one that takes none for now counts as well.
    consumers: int


class Broker(Protocol):
    """A message broker with durable queues, exchanges, confirms, TTL and dead-lettering."""

    @property
    def clock(self) -> Clock:
        """The clock that delays and timers go by."""

    @property
    def state(self) -> BrokerState:
        """How things stand; a moment old when the loop is at work."""

    def start(self) -> None:
        """Connect and begin to work.

        Raises BrokerUnavailable when no connection could be made within the adapter's patience,
        BrokerRefused when the login or the virtual host was refused.
        """

    def stop(self) -> None:
        """Close everything; unsettled messages go back to their queues. Harmless twice.

        What was asked before it is carried out; confirms are waited for, some seconds. Nothing is
        called back afterwards. Not to be called from inside a callback.
        """

    def declare(self, parts: Sequence[Part], done: Done) -> None:
        """Make sure exchanges, queues and bindings exist, in the given order.

        Idempotent. Declared parts are remembered and declared again after a reconnect, before any
        publish or consume. `done` may get TopologyMismatch, QueueMissing or BrokerRefused; some
        of the parts may exist then. What is declared, deleted and inspected is so in the order of
        the calls.
        """

    def delete_queue(self, name: str, done: Done) -> None:
        """Delete a queue with all it holds, and forget its declaration. Harmless when absent.

        Within seconds or not at all, for later somebody may have declared it anew: `done` gets
        BrokerUnavailable without a connection, when that is lost, or when others take too long.
        """

    def forget_queue(self, name: str) -> None:
        """Do not declare a queue again after a reconnect; it stays as it is."""

    def redeclare(self) -> None:
        """Declare again what is remembered: somebody has deleted a part of it.

        For who finds out by QueueMissing. Many may ask at a time, and as often as they like.
        """

    def inspect(self, queue: str, done: Callable[[QueueState | BrokerError], None]) -> None:
        """Tell how things stand with a queue, or QueueMissing."""

    def publish(
        self, message: Message, to: Address, done: Done, *, cause: Received | None = None
    ) -> None:
        """Publish persistent and mandatory; `done(None)` once every target queue has it safely.

        Of the headers only strings travel, and never CC or BCC: a stranger's would add receivers.

        `done` gets Unroutable when no queue took it, PublishRejected on a nack, QueueMissing when
        the exchange does not exist, BrokerRefused when it may not be written to or the message is
        no AMQP (headers over 100,000 bytes, a key over 255). On the loop it is never called from
        inside `publish`.

        Unconfirmed messages are published again after a reconnect (duplicates are possible then),
        except when their `cause` is no longer alive: the broker hands that one out again, so
        `done` is called with BrokerUnavailable and the message is dropped.
        """

    def on_blocked(self, blocked: Callable[[], None], unblocked: Callable[[], None]) -> None:
        """Call `blocked` whenever publishing halts from now on, and `unblocked` when it goes on.

        It halts while the broker is short of memory or disk, or cannot be reached for publishing:
        what is published waits meanwhile, for hours maybe, although consuming may go on. RabbitMQ
        tells of a shortage only when something is published.
        """

    def consume(
        self,
        queue: str,
        on_message: Callable[[Received], None],
        *,
        prefetch: int,
        on_lost: Done | None = None,
        start: StreamStart | None = None,
    ) -> Subscription:
        """Hand out messages of a queue, at most `prefetch` unsettled at a time.

        Resumed by itself after a reconnect. `on_lost` is called when the broker ended the
        subscription for good (the queue is missing or was deleted, access was refused).

        A stream needs a `start`. It keeps its messages: acking only makes room for the next ones,
        and after a reconnect it goes on behind the last one handed out, whatever became of that.
        """

    def ack(self, received: Received) -> None:
        """Settle a message: it is done and leaves its queue. Settling twice is harmless."""

    def requeue(self, received: Received) -> None:
        """Give a message back untouched: for shutting down and pausing, never as a retry.

        It keeps its place (in a quorum queue only with `x-delivery-limit`, and counts against it).
        """

    def call(self, function: Callable[[], None]) -> None:
        """Run a function on the loop, soon."""

    def call_later(self, seconds: float, function: Callable[[], None]) -> Timer:
        """Run a function on the loop after a while."""

    def watch(self, fd: int, ready: Callable[[], None]) -> None:
        """Call `ready` on the loop, again and again, while something can be read from `fd`.

        For who has sockets of their own to look after on this loop: an epoll descriptor can be
        read while one of them is ready. With the machine's clock only. Call `unwatch` before
        closing it.
        """

    def unwatch(self, fd: int) -> None:
        """Watch it no longer. Harmless when it is not watched."""
