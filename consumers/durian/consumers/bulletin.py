"""Operational events: what Durian itself tells about listeners and their deliveries.

They are events like all others, so that any listener may want them. They must not feed on
themselves: a listener that wants them is in none of them, but that it was disabled, which happens
once until a person enables it again.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from durian.broker.port import Address, Broker
from durian.broker.topology import Topology
from durian.consumers.delivery import Delivery
from durian.consumers.sender.port import Outcome
from durian.errors import BrokerError
from durian.events import Event, amqp
from durian.events.canonical import rfc3339
from durian.events.message import Message
from durian.match.event_pattern import wants_operational
from durian.registry import Listener, OpenBreaker

_log = logging.getLogger(__name__)

#: Where they come from.
SOURCE = "/durian"

#: A listener's breaker has opened.
FAILING = "durian.listener.failing"

#: A listener's breaker has closed: it takes events again.
RECOVERED = "durian.listener.recovered"

#: Durian has disabled a listener.
DISABLED = "durian.listener.disabled"

#: A delivery was given up.
DEAD = "durian.delivery.dead"


class Bulletin:
    """Publishes them, as well as may be: losing one harms nobody's events. Thread-safe."""

    def __init__(self, broker: Broker, topology: Topology, owner_attribute: str = "") -> None:
        """With `owner_attribute` events have it, and in it the listener's owner."""
        self._broker = broker
        self._topology = topology
        self._owner_attribute = owner_attribute

    def failing(self, listener: Listener, breaker: OpenBreaker, error: str) -> None:
        """A listener's breaker has opened; `error` is what its owner may read."""
        if not wants_operational(listener.event):
            self._publish(
                FAILING,
                listener,
                failures=breaker.failures,
                failing_since=_moment(breaker.failing_since),
                error=error,
            )

    def recovered(self, listener: Listener, breaker: OpenBreaker) -> None:
        """A listener's breaker has closed."""
        if not wants_operational(listener.event):
            self._publish(RECOVERED, listener, failing_since=_moment(breaker.failing_since))

    def disabled(self, listener: Listener, reason: str) -> None:
        """Durian has disabled a listener."""
        self._publish(DISABLED, listener, reason=reason)

    def dead(
        self, listener: Listener, delivery: Delivery, outcome: Outcome
    ) -> tuple[Message, Address] | None:
        """The event of a delivery that is given up, to be published when it is.

        None when nobody is told: the listener wants operational events itself.
        """
        if wants_operational(listener.event):
            return None
        headers = delivery.message.headers
        return self._written(
            DEAD,
            listener,
            event={name: str(headers.get(f"ce-{name}", "")) for name in ("id", "type", "source")},
            webhook_id=delivery.webhook_id,
            attempts=delivery.attempts + 1,
            status=outcome.status,
            error=outcome.public_error,
        )

    def _publish(self, event_type: str, listener: Listener, **facts: object) -> None:
        message, address = self._written(event_type, listener, **facts)
        self._broker.publish(message, address, _published)

    def _written(
        self, event_type: str, listener: Listener, **facts: object
    ) -> tuple[Message, Address]:
        attribute, owner = self._owner_attribute, listener.owner
        event = Event(
            type=event_type,
            source=SOURCE,
            subject=listener.id,
            time=datetime.fromtimestamp(self._broker.clock.now(), UTC),
            data={"listener": listener.id, **facts},
            extensions={attribute: owner} if attribute and owner else {},
        )
        return amqp.encode(event), Address(self._topology.events, event_type)


def _published(error: BrokerError | None) -> None:
    if error is not None:
        _log.warning("bulletin.not_published error=%s", error)


def _moment(seconds: float) -> str:
    return rfc3339(datetime.fromtimestamp(seconds, UTC))
