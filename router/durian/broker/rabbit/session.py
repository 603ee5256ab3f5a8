"""Both connections and everything that lives on them, from start to stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from pika import ConnectionParameters

from durian.broker.parts import Part
from durian.broker.port import BrokerState, Done
from durian.broker.rabbit.complaint import Complaint
from durian.broker.rabbit.connection import BufferedConnection
from durian.broker.rabbit.consumers import Consumers
from durian.broker.rabbit.declarer import Declarer, Request
from durian.broker.rabbit.known import KnownParts
from durian.broker.rabbit.link import Link
from durian.broker.rabbit.loop import IoLoop, guarded
from durian.broker.rabbit.operations import Operation, declaration, in_phases
from durian.broker.rabbit.publisher import Publisher
from durian.errors import BrokerError, BrokerRefused, BrokerUnavailable

_log = logging.getLogger(__name__)

#: Seconds a stop waits for the confirms of what was published: what they would have acked arrives
#: twice otherwise.
DRAIN_S = 5.0

#: Seconds between two looks whether all is confirmed.
_LOOK_S = 0.01

#: Seconds the broker has to answer that a connection is closed; then it is cut.
_CLOSE_S = 2.0

#: Seconds between two times that everything is declared again over one connection.
_REDECLARE_S = 30.0

#: Seconds before exclusive queues are tried again that the broker still gives to a lost connection.
_REVIVE_S = 1.0


class Session:
    """One thread, two connections: what is published never holds up what is consumed.

    RabbitMQ stops reading from connections that publish when it is short of memory or disk; acks
    on the other one still get through.
    """

    def __init__(
        self, consume: Sequence[ConnectionParameters], publish: Sequence[ConnectionParameters]
    ) -> None:
        self.loop = IoLoop("durian-broker", self._crashed)
        self.known = KnownParts()
        self.declarer = Declarer(self.loop)
        self.consumers = Consumers(self.loop, self.declarer, self.known.forget_queue)
        self.publisher = Publisher(self.loop)
        self._consume = Link(
            self.loop,
            "consume",
            consume,
            on_up=self._consume_up,
            on_down=self._consume_down,
            on_failure=self._failed,
        )
        self._publish = Link(
            self.loop,
            "publish",
            publish,
            on_up=self._publish_up,
            on_down=self._publish_down,
            on_failure=self._failed,
        )
        self._complaint = Complaint()
        self._blocked = False
        #: Who is told when publishing halts, and when it goes on.
        self._on_blocked: list[Callable[[], None]] = []
        self._on_unblocked: list[Callable[[], None]] = []
        #: What the broker said of itself when it was last connected.
        self.server_version = ""
        self._connection: BufferedConnection | None = None
        #: When what is remembered may be declared again without a new connection.
        self._redeclare_at = 0.0
        self._publishing = False
        #: Set when it works, or when it is clear that it will not.
        self._decided = threading.Event()
        self._works = False
        self._failure: BrokerError | None = None
        self._open_links = 2
        self._stopped = threading.Event()

    @property
    def state(self) -> BrokerState:
        """How things stand; may be read from any thread."""
        return BrokerState(
            connected=self._connection is not None and self._publishing,
            blocked=self._blocked,
            reconnects=self._consume.reconnects + self._publish.reconnects,
            unconfirmed=self.publisher.unconfirmed,
        )

    def start(self, patience_s: float) -> None:
        """Connect. Raises BrokerUnavailable or BrokerRefused."""
        self.loop.start()
        self.loop.call(self._connect)
        self._decided.wait(patience_s)
        if not self._works:
            self.stop()
            raise self._failure or BrokerUnavailable()

    def stop(self) -> None:
        """Wait for confirms, send acks, close everything."""
        self.loop.call(self._begin_stop)
        self._stopped.wait(DRAIN_S + 2 * _CLOSE_S)
        self.loop.stop()

    def watch(self, blocked: Callable[[], None], unblocked: Callable[[], None]) -> None:
        """Tell somebody when publishing halts, and when it goes on."""
        self._on_blocked.append(blocked)
        self._on_unblocked.append(unblocked)

    def _connect(self) -> None:
        self._consume.connect()
        self._publish.connect()

    def _crashed(self) -> None:
        self._consume.drop()
        self._publish.drop()

    def _failed(self, error: BrokerError) -> None:
        """A connection could not be made: at the start that may be the end of it."""
        self._failure = error
        # Both connections fail for one reason, again and again.
        if self._complaint.is_due(str(error)):
            _log.warning("broker.connect_failed error=%s", error)
        if isinstance(error, BrokerRefused):
            self._decided.set()

    def _consume_up(self, connection: BufferedConnection) -> None:
        self._complaint.end()
        self._connection = connection
        self.server_version = str((connection.server_properties or {}).get("version", ""))
        request = self._again(self.known.durable(), partial(self._declared, connection))
        self.declarer.up(connection, request)

    def _consume_down(self) -> None:
        self._connection = None
        self.publisher.undeclared()
        self.declarer.down()
        self.consumers.down()

    def _publish_up(self, connection: BufferedConnection) -> None:
        self._publishing = True
        connection.add_on_connection_blocked_callback(lambda *_: self._halted())
        connection.add_on_connection_unblocked_callback(lambda *_: self._resumed())
        self.publisher.up(connection)
        self._resumed()
        self._look_whether_it_works()

    def _publish_down(self) -> None:
        self._publishing = False
        self.publisher.down()
        self._halted()

    def _halted(self) -> None:
        """Nothing that is published gets through for now."""
        if not self._blocked:
            self._blocked = True
            for told in self._on_blocked:
                guarded(told)

    def _resumed(self) -> None:
        if self._blocked:
            self._blocked = False
            for told in self._on_unblocked:
                guarded(told)

    def _declared(self, connection: BufferedConnection, _: BrokerError | None) -> None:
        """Everything durable exists again; exclusive queues may take a while."""
        if self._connection is not connection:
            return  # lost meanwhile
        self.publisher.declared()
        self.consumers.up(connection, self.known.exclusive_queues())
        self._revive(connection)
        self._look_whether_it_works()

    def redeclare(self) -> None:
        """Declare again what is remembered, unless that was asked for just now."""
        now = time.monotonic()
        if self._connection is not None and now >= self._redeclare_at:
            self._redeclare_at = now + _REDECLARE_S
            self.declarer.submit(self._again(self.known.durable(), _ignore))

    def _revive(self, connection: BufferedConnection) -> None:
        """Declare the queues that died with the last connection, until the broker agrees."""

        def done(error: BrokerError | None) -> None:
            if error is None:
                self.consumers.release()
            else:
                self.loop.call_later(_REVIVE_S, lambda: self._revive(connection))

        if self._connection is connection:
            phases = [
                [Operation(declaration(part), _ignore) for part in phase]
                for phase in in_phases(self.known.transient())
            ]
            self.declarer.submit(Request(phases, done, lasting=False))

    def _again(self, parts: Iterable[Part], done: Done) -> Request:
        """Declare parts again; what cannot be declared any more does not hold up the rest."""
        phases = [
            [
                Operation(declaration(part), _ignore, partial(_cannot_declare, part))
                for part in phase
            ]
            for phase in in_phases(list(parts))
        ]
        return Request(phases, done, lasting=False)

    def _look_whether_it_works(self) -> None:
        if self._connection is not None and self._publishing:
            self._works = True
            self._decided.set()

    def _begin_stop(self) -> None:
        self.consumers.mute()
        self._drain(time.monotonic() + DRAIN_S)

    def _drain(self, until: float) -> None:
        """Wait for confirms: the acks they lead to are sent before anything is closed."""
        if self._publishing and not self.publisher.idle and time.monotonic() < until:
            self.loop.call_later(_LOOK_S, lambda: self._drain(until))
            return
        self.consumers.flush()
        for link in (self._consume, self._publish):
            link.close(self._closed)
        self.loop.call_later(_CLOSE_S, self._cut)

    def _cut(self) -> None:
        for link in (self._consume, self._publish):
            link.abort()

    def _closed(self) -> None:
        self._open_links -= 1
        if not self._open_links:
            self._stopped.set()


def _ignore(_: object) -> None:
    """Nothing to do."""


def _cannot_declare(part: Part, error: BrokerError) -> None:
    _log.warning("broker.redeclare_failed part=%s error=%s", part, error)
