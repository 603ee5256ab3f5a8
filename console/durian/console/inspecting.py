"""Inspecting many queues: a few questions are on their way to the broker at once."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from durian.broker.port import Broker, QueueState
from durian.errors import BrokerError, BrokerUnavailable, QueueMissing

#: Questions that are on their way at once.
_AT_ONCE = 32

#: Seconds that the broker may take for one answer.
_PATIENCE_S = 15.0


def inspect_all(broker: Broker, queues: Iterable[str]) -> dict[str, QueueState]:
    """Tell how things stand with queues; those that do not exist are left out.

    Blocking; not to be called from the broker's own thread. Raises BrokerError.
    """
    asked = list(queues)
    found: dict[str, QueueState] = {}
    errors: list[BrokerError] = []
    room = threading.Semaphore(_AT_ONCE)
    for queue in asked:
        _wait(room)
        if errors:
            break

        def told(answer: QueueState | BrokerError, queue: str = queue) -> None:
            if isinstance(answer, QueueState):
                found[queue] = answer
            elif not isinstance(answer, QueueMissing):
                errors.append(answer)
            room.release()

        broker.inspect(queue, told)
    for _ in range(_AT_ONCE):
        _wait(room)
    if errors:
        raise errors[0]
    return found


def _wait(room: threading.Semaphore) -> None:
    if not room.acquire(timeout=_PATIENCE_S):
        raise BrokerUnavailable("The broker did not answer in time.")
