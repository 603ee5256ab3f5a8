"""Waiting for a broker: for command lines, for starting up, and for tests.

Never call these from inside a broker's callbacks: the loop would wait for itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from durian.broker.parts import Part
from durian.broker.port import Address, Broker, Done, QueueState
from durian.errors import BrokerBlocked, BrokerError, BrokerUnavailable
from durian.events.message import Message

_Answer = TypeVar("_Answer")

#: Seconds a broker may take for one thing that a person waits for.
PATIENCE_S = 30.0


def wait(start: Callable[[Done], None], timeout_s: float = PATIENCE_S) -> None:
    """Start an operation and wait for its outcome, as `wait(lambda done: declare(parts, done))`.

    Raises the BrokerError it ended with, or BrokerUnavailable after `timeout_s` seconds.
    """
    error = _wait(start, timeout_s)
    if error is not None:
        raise error


def declare_all(broker: Broker, parts: Sequence[Part], timeout_s: float = PATIENCE_S) -> None:
    """Declare parts and wait until they exist; raises as `wait` does."""
    wait(lambda done: broker.declare(parts, done), timeout_s)


def delete(broker: Broker, queue: str, timeout_s: float = PATIENCE_S) -> None:
    """Delete a queue and wait until it is gone; raises as `wait` does."""
    wait(lambda done: broker.delete_queue(queue, done), timeout_s)


def inspect(broker: Broker, queue: str, timeout_s: float = PATIENCE_S) -> QueueState:
    """Tell how things stand with a queue; raises as `wait` does, or QueueMissing."""

    def start(done: Callable[[QueueState | BrokerError], None]) -> None:
        broker.inspect(queue, done)

    found = _wait(start, timeout_s)
    if isinstance(found, BrokerError):
        raise found
    return found


def count(broker: Broker, queue: str, timeout_s: float = PATIENCE_S) -> int:
    """Count the messages that are ready in a queue; raises as `inspect` does."""
    return inspect(broker, queue, timeout_s).ready


def publish_all(
    broker: Broker, messages: Iterable[tuple[Message, Address]], timeout_s: float = PATIENCE_S
) -> None:
    """Publish messages and wait until the broker has every one of them safely.

    Raises the first error once all are answered, or what `unanswered` makes after `timeout_s`
    seconds.
    """
    batch = list(messages)
    errors: list[BrokerError] = []

    def start(done: Done) -> None:
        left = len(batch)

        def one_done(error: BrokerError | None) -> None:
            nonlocal left
            left -= 1
            if error is not None:
                errors.append(error)
            if not left:
                done(errors[0] if errors else None)

        for message, address in batch:
            broker.publish(message, address, one_done)

    if not batch:
        return
    try:
        wait(start, timeout_s)
    except BrokerUnavailable as error:
        raise unanswered(broker, error.message) from error


def unanswered(broker: Broker, message: str = "") -> BrokerUnavailable:
    """The error for what a broker does not confirm: it is short of memory or disk, or else away.

    `message` is for the latter.
    """
    state = broker.state
    return BrokerBlocked() if state.connected and state.blocked else BrokerUnavailable(message)


def _wait(start: Callable[[Callable[[_Answer], None]], None], timeout_s: float) -> _Answer:
    """Start something that answers on the loop, and wait for the answer here."""
    answered = threading.Event()
    answers: list[_Answer] = []

    def answer(value: _Answer) -> None:
        answers.append(value)
        answered.set()

    start(answer)
    if not answered.wait(timeout_s):
        raise BrokerUnavailable(f"The broker did not answer within {timeout_s:g} seconds.")
    return answers[0]
