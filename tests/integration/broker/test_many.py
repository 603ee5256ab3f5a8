"""A thousand listeners in one process."""

from __future__ import annotations

import pytest

from durian.broker.blocking import declare_all, publish_all, wait
from durian.broker.port import Address
from durian.broker.rabbit import RabbitBroker
from durian.broker.rabbit.channel import MAX_CONSUMERS
from durian.broker.topology import MAX_KEYS, Topology
from tests.support.broker import Inbox, text

pytestmark = pytest.mark.rabbitmq

NAMES = Topology("t")
LISTENERS = [f"l{number}" for number in range(1000)]

#: Seconds for each step on a busy machine; unhindered each takes a few.
STEP_S = 60.0


def test_a_thousand_listeners_are_declared_and_consumed(broker: RabbitBroker) -> None:
    declare_all(broker, NAMES.house())
    parts = [part for one in LISTENERS for part in NAMES.listener(one, "classic")]
    declare_all(broker, parts, STEP_S)
    declare_all(broker, parts, STEP_S)
    inbox = Inbox()
    subscriptions = [
        broker.consume(NAMES.listener_queue(one), inbox, prefetch=1 + number % 3)
        for number, one in enumerate(LISTENERS)
    ]
    chunks = [LISTENERS[start : start + MAX_KEYS] for start in range(0, 1000, MAX_KEYS)]
    publish_all(
        broker,
        [(text("1"), Address(NAMES.deliver, chunk[0], tuple(chunk[1:]))) for chunk in chunks],
        STEP_S,
    )
    received = inbox.wait(1000, STEP_S)
    assert {one.queue for one in received} == {NAMES.listener_queue(one) for one in LISTENERS}
    channels = {id(one.channel) for one in received}  # type: ignore[attr-defined]  # the adapter's own
    assert len(channels) == -(-1000 // MAX_CONSUMERS)
    for one in received:
        broker.ack(one)
    for subscription in subscriptions:
        wait(subscription.cancel, STEP_S)
