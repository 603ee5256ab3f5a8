"""Deliveries that were given up, put where they lie."""

from __future__ import annotations

from durian.broker.blocking import declare_all, publish_all
from durian.broker.port import Address, Broker
from durian.broker.topology import Topology
from durian.consumers.delivery import Delivery, webhook_id_of
from durian.events import Event, amqp


def give_up(
    broker: Broker,
    names: Topology,
    listener_id: str,
    *events: Event,
    at: float = 0.0,
    why: tuple[str, str] = ("3 attempts failed", "status 500"),
) -> list[str]:
    """Make dead letters of events at a listener; return their webhook-ids.

    `why`: the reason, and what the last attempt failed with.
    """
    declare_all(broker, names.dead_letters(listener_id))
    letters = [Delivery.of(listener_id, amqp.encode(event)).given_up(*why, at) for event in events]
    to = Address(names.dead, listener_id)
    publish_all(broker, [(letter, to) for letter in letters])
    return [webhook_id_of(event.source, event.id, listener_id) for event in events]
