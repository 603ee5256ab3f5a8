"""The routing consumer: one event in, one message per matching listener out.

The event is acked only once the broker has confirmed all its messages, so a crash at any step
routes it again: duplicates are possible then, loss is not.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from durian.broker.blocking import declare_all
from durian.broker.port import Address, Broker, Received, Subscription
from durian.broker.topology import MAX_KEYS, Topology
from durian.control import ChangeSource, Follower
from durian.errors import BrokerError, InvalidEvent, QueueMissing
from durian.events import amqp
from durian.events.message import DEAD_AT_HEADER, REASON_HEADER, Message
from durian.faults import failpoint
from durian.match import Index
from durian.router.follow import IndexKeeper
from durian.router.held import Held
from durian.router.invalid import explained, short
from durian.router.measures import RouterMeasures
from durian.router.snapshot import Snapshot
from durian.tracing import Routing, routing_of

_log = logging.getLogger(__name__)

#: Events unacked at a time: enough to keep the broker's confirms in flight, and what a crash of
#: the router can at most route twice.
PREFETCH = 500

#: Seconds before a message is published again that the broker did not take (a full disk, a
#: queue without a leader): the event stays unacked meanwhile.
_REPUBLISH_AFTER_S = 1.0

#: Seconds before the route queue is declared and consumed again when it was lost.
_CONSUME_AGAIN_S = 5.0

#: Seconds that declaring the whole topology may take.
_DECLARE_PATIENCE_S = 60.0


@dataclass(slots=True)
class Counts:
    """What a router has done since it started."""

    events: int = 0
    deliveries: int = 0
    unmatched: int = 0
    invalid: int = 0


class Router:
    """Consumes `durian.route`. Start it after its broker; stop it before."""

    def __init__(
        self,
        broker: Broker,
        topology: Topology,
        source: ChangeSource,
        *,
        prefetch: int = PREFETCH,
        poll_s: float = 30.0,
        snapshot: Snapshot | None = None,
    ) -> None:
        """Prepare it, by a snapshot of the index if there is one; reads nothing else yet."""
        self.counts = Counts()
        self.measures = RouterMeasures()
        self._snapshot = snapshot
        restored = snapshot.restore() if snapshot is not None else None
        self.index = restored[0] if restored is not None else Index()
        self._held = Held(self._waits, self._route)
        self._broker = broker
        self._topology = topology
        self._prefetch = prefetch
        self._subscription: Subscription | None = None
        self._stopping = threading.Event()
        self._keeper = IndexKeeper(broker, topology, self.index)
        self.follower = Follower(
            source,
            broker,
            topology,
            self._keeper.apply,
            on_synced=self._begin,
            on_look=self._looked,
            poll_s=poll_s,
        )
        if restored is not None:
            self.follower.resume(restored[1], [each for each, _ in self.index.everyone()])

    def start(self) -> None:
        """Declare the topology and begin; events are consumed once the whole registry is loaded.

        Raises BrokerError when the topology cannot be declared. A registry that cannot be reached
        is waited for: events rest in their queue meanwhile, for routing them by half a registry
        would lose deliveries.
        """
        parts = self._topology.house()
        declare_all(self._broker, parts, _DECLARE_PATIENCE_S)
        self.follower.start()

    def wait_ready(self, timeout_s: float) -> bool:
        """Wait until the whole registry is loaded; False when it was not in time."""
        return self.follower.wait_synced(timeout_s)

    def stop(self) -> None:
        """Stop consuming; what is unconfirmed goes back to the queue. Harmless twice."""
        self._stopping.set()
        self.follower.stop()
        if self._subscription is not None:
            self._subscription.cancel()
        if self._snapshot is not None and self.wait_ready(0):
            self._snapshot.save(self.index, self.follower.version)

    def _looked(self) -> None:
        """The registry was looked at: events may have waited for that."""
        if self._snapshot is None:
            return
        self._broker.call_later(0, self._held.go_on)
        if not self.follower.resumed:
            now = self._broker.clock.monotonic()
            self._snapshot.keep(self.index, self.follower.version, now)

    def _begin(self) -> None:
        """The whole registry is loaded, and most of it stays as it is for long."""
        self.index.settle()
        self._consume()

    def _consume(self, _: BrokerError | None = None) -> None:
        if not self._stopping.is_set():
            self._subscription = self._broker.consume(
                self._topology.route,
                self._on_message,
                prefetch=self._prefetch,
                on_lost=self._lost,
            )

    def _lost(self, error: BrokerError | None) -> None:
        """The route queue is gone, or its node is: have it again, as often as it takes."""
        _log.error(
            "router.route_lost error=%s meaning=%s",
            error,
            "if it was deleted, what is published meanwhile is in the archive alone",
        )
        self._broker.call_later(
            _CONSUME_AGAIN_S,
            lambda: self._broker.declare(self._topology.house(), self._consume),
        )

    def _on_message(self, received: Received) -> None:
        failpoint("router.received")
        if self._held or self.follower.resumed:
            self._held.take(received)
        else:
            self._route(received)

    def _waits(self, received: Received) -> bool:
        """Tell whether an event's listeners include some whose queues nobody has seen yet."""
        resumed = self.follower.resumed
        if not resumed:
            return False
        try:
            events = amqp.decode(received.message)
            wanted = {each for event in events for each in self.index.match(event)}
        except Exception:  # noqa: BLE001  # whatever it is, it is set aside when it is routed
            return False
        missing = [each for each in wanted if each in resumed]
        self.follower.ask(missing)
        return bool(missing)

    def _route(self, received: Received) -> None:
        try:
            messages, routings = self._messages(received.message)
        except InvalidEvent as error:
            self._set_aside(received, str(error))
        except Exception as error:  # noqa: BLE001  # ours: must not stop the queue, nor lose it
            _log.exception("router.event_failed")
            self._set_aside(received, f"internal error: {error!r}")
        else:
            failpoint("router.matched")
            _Transfer(self._broker, received, messages, self.measures, routings).start()

    def _messages(self, received: Message) -> tuple[list[tuple[Message, Address]], list[Routing]]:
        """Everything one message of the route queue turns into; each tells when it was routed."""
        found: list[tuple[Message, Address]] = []
        routings: list[Routing] = []
        for event in amqp.decode(received):
            listeners = self.index.match(event)
            self.counts.events += 1
            now = self._broker.clock.now()
            self.measures.types.add(event.type)
            self.measures.backlog.note(event.time.timestamp(), now)
            if routing := routing_of(event, len(listeners)):
                routings.append(routing)
            if listeners:
                self.counts.deliveries += len(listeners)
                message = amqp.encode(event, timestamp=int(now))
                found += self._addressed(message, listeners)
            else:
                self.counts.unmatched += 1
        return found, routings

    def _addressed(
        self, message: Message, listeners: Sequence[str]
    ) -> list[tuple[Message, Address]]:
        """A message and where it goes: to the queues of listeners, or to their dead letters."""
        stuck: Sequence[str] = ()
        if unready := self._keeper.unready:
            stuck = [each for each in listeners if each in unready]
            listeners = [each for each in listeners if each not in unready]
        found = [(message, address) for address in addresses(self._topology.deliver, listeners)]
        if stuck:
            letter = undeliverable(message, self._broker.clock.now())
            found += [(letter, Address(self._topology.dead, each)) for each in stuck]
        return found

    def _set_aside(self, received: Received, reason: str) -> None:
        self.counts.invalid += 1
        _log.warning("router.event_invalid reason=%s", reason)
        message = explained(received.message, reason, self._broker.clock.now())
        key = short(received.message.routing_key) or ""
        address = Address(self._topology.invalid, key)
        _Transfer(self._broker, received, [(message, address)], self.measures).start()


def addresses(exchange: str, listeners: Sequence[str]) -> list[Address]:
    """Address listeners in chunks of at most MAX_KEYS: the first as key, the others as BCC."""
    keys = iter(listeners)
    found: list[Address] = []
    while chunk := tuple(islice(keys, MAX_KEYS)):
        found.append(Address(exchange, chunk[0], chunk[1:]))
    return found


def undeliverable(message: Message, now: float) -> Message:
    """The dead letter of a delivery to a listener whose queue is not fit, at `now` (epoch s)."""
    headers = {
        **message.headers,
        REASON_HEADER: "the listener's queue has other arguments than it needs",
        DEAD_AT_HEADER: str(round(now * 1000)),
    }
    return replace(message, headers=headers)


class _Transfer:
    """Publishes all messages of one received message, then acks it."""

    __slots__ = (
        "_began_at",
        "_broker",
        "_left",
        "_measures",
        "_messages",
        "_received",
        "_routings",
    )

    def __init__(
        self,
        broker: Broker,
        received: Received,
        messages: list[tuple[Message, Address]],
        measures: RouterMeasures,
        routings: Sequence[Routing] = (),
    ) -> None:
        self._broker = broker
        self._received = received
        self._messages = messages
        self._measures = measures
        self._routings = routings
        #: Messages that are not confirmed yet.
        self._left = len(messages)
        self._began_at = broker.clock.monotonic()

    def start(self) -> None:
        self._measures.open += 1
        if not self._messages:
            self._end()
        for message, address in self._messages:
            self._publish(message, address)
            failpoint("router.chunk_published")
        failpoint("router.published")

    def _publish(self, message: Message, address: Address) -> None:
        def done(error: BrokerError | None) -> None:
            if error is None:
                failpoint("router.chunk_confirmed")
                self._left -= 1
                if not self._left:
                    failpoint("router.confirmed")
                    self._end()
            elif self._received.alive:
                _log.warning("router.publish_failed exchange=%s error=%s", address.exchange, error)
                if isinstance(error, QueueMissing):
                    self._broker.redeclare()
                self._broker.call_later(_REPUBLISH_AFTER_S, lambda: self._publish(message, address))
            elif self._left > 0:
                # The broker hands it out again.
                self._left = -1
                self._measures.open -= 1

        self._broker.publish(message, address, done, cause=self._received)

    def _end(self) -> None:
        self._broker.ack(self._received)
        self._measures.open -= 1
        took_s = self._broker.clock.monotonic() - self._began_at
        self._measures.routing.observe(took_s)
        for routing in self._routings:
            now = self._broker.clock.now()
            routing.end(now - took_s, now)
