"""What tests of brokers need: consumers that can be waited for, and messages to send."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from durian.broker.blocking import declare_all, publish_all
from durian.broker.memory import MemoryBroker
from durian.broker.parts import Argument, Binding, Exchange, Queue
from durian.broker.port import Address, Broker, Received
from durian.broker.rabbit import RabbitBroker
from durian.errors import BrokerError
from durian.events.message import Message

#: Seconds in which a broker on a busy machine does what it has to do.
DEADLINE_S = 20.0


#: A queue's arguments.
Arguments = Mapping[str, Argument]

#: Of a queue without further qualities.
CLASSIC: Arguments = {"x-queue-type": "classic"}


class Inbox:
    """An `on_message` that keeps what it is handed, for another thread to wait for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._received: list[Received] = []

    def __call__(self, received: Received) -> None:
        with self._changed:
            self._received.append(received)
            self._changed.notify_all()

    @property
    def bodies(self) -> list[bytes]:
        with self._changed:
            return [received.message.body for received in self._received]

    def wait(self, count: int, timeout_s: float = DEADLINE_S) -> list[Received]:
        """Wait until so many messages have come; give them all."""
        with self._changed:
            enough = self._changed.wait_for(lambda: len(self._received) >= count, timeout_s)
            assert enough, f"{len(self._received)} of {count} messages came"
            return list(self._received)


class Outcome:
    """A `done` that can be waited for."""

    def __init__(self) -> None:
        self._told = threading.Event()
        self.error: BrokerError | None = None
        self.thread = ""

    def __call__(self, error: BrokerError | None) -> None:
        self.error = error
        self.thread = threading.current_thread().name
        self._told.set()

    @property
    def told(self) -> bool:
        return self._told.is_set()

    def wait(self, timeout_s: float = DEADLINE_S) -> BrokerError | None:
        """Wait for the outcome; give its error."""
        assert self._told.wait(timeout_s), "no outcome was told"
        return self.error


def eventually(happens: Callable[[], bool], timeout_s: float = DEADLINE_S) -> None:
    """Wait until something is true that tells nobody when it becomes so."""
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.02)


def text(body: str, **headers: str) -> Message:
    """A small message."""
    return Message(body=body.encode(), headers=headers)


def plain_queue(broker: Broker, name: str = "q", arguments: Arguments = CLASSIC) -> Address:
    """Declare a queue behind a direct exchange; tell how to reach it."""
    declare_all(broker, [Exchange("x", "direct"), Queue(name, arguments), Binding("x", name, name)])
    return Address("x", name)


def put(broker: Broker, to: Address, *bodies: str) -> None:
    """Publish small messages, and wait until they are in their queues."""
    publish_all(broker, [(text(body), to) for body in bodies], DEADLINE_S)


def lose(broker: Broker) -> None:
    """Cut what connects us to a broker; it comes back by itself."""
    if isinstance(broker, MemoryBroker):
        broker.lose()
    else:
        assert isinstance(broker, RabbitBroker)
        _cut(broker)


def _cut(broker: RabbitBroker) -> None:
    """Cut both connections as a network does: without a word."""
    done = Outcome()

    def shut() -> None:
        for link in (broker._session._consume, broker._session._publish):
            transport: Any = link._connection and link._connection._transport
            if transport is not None:
                with contextlib.suppress(OSError):  # it is lost already
                    transport._sock.shutdown(socket.SHUT_RDWR)
        done(None)

    broker.call(shut)
    done.wait()
