"""Pausing many consumers at once: what they held goes back once, and not again and again."""

from __future__ import annotations

import pytest

from durian.broker.blocking import declare_all, publish_all, wait
from durian.broker.port import Address
from durian.broker.rabbit import RabbitBroker
from durian.broker.topology import Topology
from durian.events import Event, amqp
from tests.support.broker import Inbox, eventually

pytestmark = pytest.mark.rabbitmq

LANES = 60
EACH = 10


def test_what_is_given_back_by_many_at_once_comes_back_once(amqp_url: str) -> None:
    broker, names = RabbitBroker(amqp_url), Topology()
    broker.start()
    ids = [f"l{number}" for number in range(LANES)]
    parts = [part for each in ids for part in names.listener(each)]
    declare_all(broker, [*names.house(), *parts], 60)
    message = amqp.encode(Event(type="person", data={}))
    publish_all(broker, [(message, Address(names.deliver, each)) for each in ids * EACH], 60)
    inboxes = {each: Inbox() for each in ids}
    subscriptions = [
        broker.consume(names.listener_queue(each), inboxes[each], prefetch=EACH) for each in ids
    ]
    held = [received for inbox in inboxes.values() for received in inbox.wait(EACH)]

    def pause_all() -> None:
        for subscription in subscriptions:
            subscription.cancel()
        for received in held:
            broker.requeue(received)

    broker.call(pause_all)
    again = Inbox()
    broker.consume(names.listener_queue(ids[-1]), again, prefetch=EACH)
    counts = [received.message.headers.get("x-delivery-count") for received in again.wait(EACH)]
    assert counts == [1] * EACH
    wait(lambda done: broker.call(lambda: done(None)))
    eventually(lambda: len(again.bodies) == EACH)
    broker.stop()
