"""One connection that is always wanted: made again, with jitter, whenever it is lost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from pika import ConnectionParameters
from pika.exceptions import AMQPError
from tenacity import RetryCallState, Retrying, wait_random_exponential

from durian.broker.rabbit.address import place_of
from durian.broker.rabbit.connection import BufferedConnection
from durian.broker.rabbit.errors import of_connection, reason_of
from durian.broker.rabbit.loop import IoLoop
from durian.errors import BrokerError

_log = logging.getLogger(__name__)

#: Seconds to wait before connecting again: at random between the first and a bound that doubles
#: up to the last, so that a thousand processes do not come back at once.
_SHORTEST_WAIT_S = 0.1
_LONGEST_WAIT_S = 5.0
_WAIT = wait_random_exponential(
    multiplier=2 * _SHORTEST_WAIT_S, min=_SHORTEST_WAIT_S, max=_LONGEST_WAIT_S
)


class Link:
    """A connection in one role. Everything here runs on the loop."""

    def __init__(
        self,
        loop: IoLoop,
        role: str,
        parameters: Sequence[ConnectionParameters],
        *,
        on_up: Callable[[BufferedConnection], None],
        on_down: Callable[[], None],
        on_failure: Callable[[BrokerError], None],
    ) -> None:
        self._loop = loop
        self._role = role
        self._parameters = parameters
        self._on_up = on_up
        self._on_down = on_down
        self._on_failure = on_failure
        self._connection: BufferedConnection | None = None
        self._failures = 0
        self._turn = 0
        #: How often it was made again after a loss.
        self.reconnects = 0
        self._was_lost = False
        self._closing = False
        self._on_closed: Callable[[], None] | None = None

    def connect(self) -> None:
        """Try the next of the hosts."""
        if self._closing:
            return
        parameters = self._parameters[self._turn % len(self._parameters)]
        self._connection = BufferedConnection(
            parameters,
            on_open_callback=self._opened,
            on_open_error_callback=self._failed,
            on_close_callback=self._lost,
            custom_ioloop=self._loop.pika,
        )

    def drop(self) -> None:
        """Give the connection up; a new one is made."""
        connection = self._connection
        if connection is not None and not (connection.is_closing or connection.is_closed):
            try:
                connection.close()
            except AMQPError as error:
                _log.warning("broker.drop_failed role=%s reason=%s", self._role, error)

    def abort(self) -> None:
        """Cut it, when the broker does not answer that it is closed."""
        if self._connection is not None:
            self._connection.abort()

    def close(self, done: Callable[[], None]) -> None:
        """Close it for good, and tell when that is done."""
        self._closing = True
        self._on_closed = done
        if self._connection is None or self._connection.is_closed:
            self._finish()
        else:
            self.drop()

    def _opened(self, connection: BufferedConnection) -> None:
        if self._failures:
            _log.warning("broker.reconnected role=%s place=%s", self._role, self._place())
        else:
            _log.info("broker.connected role=%s place=%s", self._role, self._place())
        self._failures = 0
        self.reconnects += self._was_lost
        self._was_lost = False
        connection.add_on_connection_blocked_callback(self._blocked)
        connection.add_on_connection_unblocked_callback(self._unblocked)
        self._on_up(connection)

    def _failed(self, _: BufferedConnection, error: BaseException | None) -> None:
        self._connection = None
        if self._closing:
            self._finish()
            return
        told = of_connection(error or ConnectionError(), self._place())
        self._turn += 1
        self._again()
        self._on_failure(told)

    def _lost(self, _: BufferedConnection, error: BaseException) -> None:
        self._connection = None
        self._was_lost = True
        self._on_down()
        if self._closing:
            self._finish()
            return
        _log.warning(
            "broker.lost role=%s place=%s reason=%s", self._role, self._place(), reason_of(error)
        )
        self._again()

    def _again(self) -> None:
        self._failures += 1
        state = RetryCallState(Retrying(), None, (), {})
        state.attempt_number = self._failures
        self._loop.call_later(_WAIT(state), self.connect)

    def _finish(self) -> None:
        done, self._on_closed = self._on_closed, None
        if done is not None:
            done()

    def _blocked(self, _: BufferedConnection, frame: object) -> None:
        reason = getattr(getattr(frame, "method", None), "reason", "")
        _log.warning("broker.blocked role=%s reason=%s", self._role, reason)

    def _unblocked(self, _: BufferedConnection, __: object) -> None:
        _log.warning("broker.unblocked role=%s", self._role)

    def _place(self) -> str:
        return place_of([self._parameters[self._turn % len(self._parameters)]])
