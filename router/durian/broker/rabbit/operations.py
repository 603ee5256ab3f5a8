"""What can be asked of a declaring channel: one AMQP method each, with its answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeGuard

from pika.channel import Channel

from durian.broker.parts import Binding, Exchange, Part, Queue
from durian.errors import BrokerError

#: Told the broker's answer, a frame of pika's.
Answered = Callable[[object], None]

#: Sends the method over a channel; the answer comes by the callback.
Send = Callable[[Channel, Answered], object]


class Operation:
    """One method that is sent, and who is told what came of it."""

    __slots__ = ("on_answer", "on_error", "send")

    def __init__(
        self,
        send: Send,
        on_answer: Answered,
        on_error: Callable[[BrokerError], None] | None = None,
    ) -> None:
        self.send = send
        self.on_answer = on_answer
        #: Without it, an error becomes the error of the whole request.
        self.on_error = on_error


def declaration(part: Part) -> Send:
    """How a part is declared."""
    if isinstance(part, Exchange):
        return partial(_declare_exchange, part)
    if isinstance(part, Queue):
        return partial(_declare_queue, part)
    return partial(_bind, part)


def inspection(queue: str) -> Send:
    """How a queue is looked at: its answer counts messages that are ready, and consumers."""
    return lambda channel, answered: channel.queue_declare(queue, passive=True, callback=answered)


def deletion(queue: str) -> Send:
    """How a queue is deleted; one that does not exist is deleted already."""
    return lambda channel, answered: channel.queue_delete(queue, callback=answered)


def is_quorum(part: Part) -> TypeGuard[Queue]:
    """Tell whether a part is a quorum queue."""
    return isinstance(part, Queue) and part.arguments.get("x-queue-type") == "quorum"


def in_phases(parts: Sequence[Part]) -> list[list[Part]]:
    """Group parts so that whatever one needs is in a group before its own.

    Inside a group order does not matter, so that several channels can declare it together.
    """
    kinds: list[type[Part]] = [Exchange, Queue, Binding]
    phases = [[part for part in parts if isinstance(part, kind)] for kind in kinds]
    return [phase for phase in phases if phase]


def _declare_exchange(part: Exchange, channel: Channel, answered: Answered) -> None:
    channel.exchange_declare(
        part.name,
        exchange_type=part.kind,
        durable=True,
        arguments=dict(part.arguments),
        callback=answered,
    )


def _declare_queue(part: Queue, channel: Channel, answered: Answered) -> None:
    channel.queue_declare(
        part.name,
        durable=not part.exclusive,
        exclusive=part.exclusive,
        arguments=dict(part.arguments),
        callback=answered,
    )


def _bind(part: Binding, channel: Channel, answered: Answered) -> None:
    channel.queue_bind(part.queue, part.exchange, routing_key=part.key, callback=answered)
