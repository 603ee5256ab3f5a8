"""Declaring, deleting and counting: requests one after the other, each over several channels."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from pika.channel import Channel
from pika.connection import Connection
from pika.exceptions import AMQPError, ChannelClosedByBroker, ChannelWrongStateError

from durian.broker.port import Done
from durian.broker.rabbit.errors import of_channel
from durian.broker.rabbit.loop import IoLoop, guarded
from durian.broker.rabbit.operations import Operation
from durian.errors import BrokerError, BrokerRefused, BrokerUnavailable

_log = logging.getLogger(__name__)

#: Channels to declare on together. A channel carries one method at a time, and a quorum queue
#: takes the broker tens of milliseconds, most of them waiting for its disk.
CHANNELS = 8


class Request:
    """Operations in phases: a phase begins when the one before it is done without an error."""

    __slots__ = ("done", "error", "lasting", "phases", "running", "until")

    def __init__(
        self,
        phases: Iterable[Iterable[Operation]],
        done: Done,
        *,
        lasting: bool = True,
        until: float = math.inf,
    ) -> None:
        self.phases = deque(deque(phase) for phase in phases)
        self.done = done
        #: Whether it is carried out with the next connection; else it ends with this one.
        self.lasting = lasting
        #: When it is too late to begin with it, on the monotonic clock.
        self.until = until
        self.running = 0
        self.error: BrokerError | None = None


class Declarer:
    """Carries out requests in their order. Everything here runs on the loop."""

    def __init__(self, loop: IoLoop) -> None:
        self._loop = loop
        self._requests: deque[Request] = deque()
        self._current: Request | None = None
        self._connection: Connection | None = None
        self._workers: list[_Worker] = []

    def submit(self, request: Request) -> None:
        """Carry out a request when those before it are done and there is a connection."""
        if request.lasting or self._connection is not None:
            self._requests.append(request)
            self._pump()
        else:
            _end(request)

    def up(self, connection: Connection, first: Request) -> None:
        """There is a connection: carry out a request before all others."""
        self._connection = connection
        self._requests.appendleft(first)
        self._pump()

    def down(self) -> None:
        """The connection is lost: what was under way is begun again with the next one."""
        self._connection = None
        request, self._current = self._current, None
        for worker in self._workers:
            if worker.operation is not None and request is not None:
                request.phases[0].appendleft(worker.operation)
        self._workers = []
        if request is not None:
            request.running = 0
            self._requests.appendleft(request)
        ending = [one for one in self._requests if not one.lasting]
        self._requests = deque(one for one in self._requests if one.lasting)
        for one in ending:
            _end(one)

    def _pump(self) -> None:
        """Give idle channels something to do."""
        while self._connection is not None and self._begin():
            request = self._current
            assert request is not None  # noqa: S101  # just begun
            phase = request.phases[0]
            while phase and (worker := self._idle_worker()) is not None:
                request.running += 1
                worker.take(phase.popleft())
            if phase or request.running:
                return
            request.phases.popleft()

    def _begin(self) -> bool:
        """Have a current request with something left to do; finish those that have not."""
        while True:
            if self._current is None:
                if not self._requests:
                    return False
                self._current = self._requests.popleft()
                if time.monotonic() > self._current.until:
                    self._current.error = BrokerUnavailable("The broker is busy declaring.")
            request = self._current
            if request.running or (request.phases and request.error is None):
                return True
            self._current = None
            guarded(partial(request.done, request.error))

    def _idle_worker(self) -> _Worker | None:
        for worker in self._workers:
            if worker.operation is None:
                return worker
        if len(self._workers) >= CHANNELS or self._connection is None:
            return None
        worker = _Worker(self._loop, self._connection, self._finished)
        self._workers.append(worker)
        return worker

    def _finished(self, operation: Operation, answer: object, error: BrokerError | None) -> None:
        request = self._current
        assert request is not None  # noqa: S101  # only the current one has operations under way
        request.running -= 1
        if error is None:
            guarded(partial(operation.on_answer, answer))
        elif operation.on_error is not None:
            guarded(partial(operation.on_error, error))
        else:
            request.error = request.error or error
        self._pump()


def _end(request: Request) -> None:
    guarded(partial(request.done, BrokerUnavailable("There is no connection to the broker.")))


class _Worker:
    """A channel that does one operation at a time; an error closes it, and it opens anew."""

    def __init__(
        self,
        loop: IoLoop,
        connection: Connection,
        finished: Callable[[Operation, object, BrokerError | None], None],
    ) -> None:
        self.operation: Operation | None = None
        self._loop = loop
        self._connection = connection
        self._finished = finished
        self._channel: Channel | None = None
        self._ready = False

    def take(self, operation: Operation) -> None:
        """Do it as soon as the channel is open."""
        self.operation = operation
        if self._ready:
            self._send()
        elif self._channel is None:
            self._open()

    def _open(self) -> None:
        if self._connection.is_open:
            self._channel = self._connection.channel(on_open_callback=self._opened)
            self._channel.add_on_close_callback(self._closed)

    def _opened(self, _: Channel) -> None:
        self._ready = True
        if self.operation is not None:
            self._send()

    def _send(self) -> None:
        operation, channel = self.operation, self._channel
        assert operation is not None  # noqa: S101  # called with one
        assert channel is not None  # noqa: S101  # called when it is open
        try:
            operation.send(channel, self._answered)
        except ChannelWrongStateError:  # it is being closed with its connection
            self._ready = False
        except (AMQPError, ValueError, TypeError) as error:
            # Not sent: a name of more than 255 bytes, mostly.
            refusal = BrokerRefused(f"This cannot be declared: {error}.")
            self._loop.soon(lambda: self._finish(None, refusal))

    def _answered(self, frame: object) -> None:
        self._finish(frame, None)

    def _closed(self, channel: Channel, reason: Exception) -> None:
        if channel is not self._channel:
            return
        self._channel = None
        self._ready = False
        # After a lost connection the operation is begun again by whoever gave it.
        if isinstance(reason, ChannelClosedByBroker) and self.operation is not None:
            self._finish(None, of_channel(reason, declaring=True))

    def _finish(self, answer: object, error: BrokerError | None) -> None:
        operation, self.operation = self.operation, None
        if operation is not None:
            self._finished(operation, answer, error)
