"""RabbitMQ runs short of memory while deliveries are under way."""

from __future__ import annotations

import threading

import pytest

from durian.broker.blocking import count, declare_all, publish_all
from durian.broker.port import Address
from durian.broker.rabbit import RabbitBroker
from durian.broker.topology import Topology
from durian.consumers import DeliveryConsumer
from durian.consumers.sender.port import Outcome, Request
from durian.events import Event, amqp
from durian.registry import Policy
from durian.registry.attempt import attempts_of
from tests.support.broker import Inbox, eventually
from tests.support.rabbitmq import PrivateNode
from tests.support.whole import FakeRegistry, FakeSender, listener, status

pytestmark = pytest.mark.rabbitmq

NAMES = Topology()
CONCURRENCY = 4
DELIVERIES = 60

#: Seconds: on a busy machine `rabbitmqctl` alone takes a minute.
PATIENCE_S = 240.0


def test_no_attempt_is_made_in_vain_and_none_twice(
    amqp_url: str, mortal_rabbitmq: PrivateNode
) -> None:
    registry, sender = FakeRegistry(), FakeSender()
    first, rest = threading.Event(), threading.Event()

    def answer(_: Request) -> Outcome:
        (first if len(sender.requests) <= CONCURRENCY else rest).wait(PATIENCE_S)
        return status(200)

    sender.answer = answer
    joe = listener("joe", policy=Policy(concurrency=CONCURRENCY))
    registry.put(joe)
    broker = RabbitBroker(amqp_url, settle_s=0)
    broker.start()
    blocked, unblocked = threading.Event(), threading.Event()
    broker.on_blocked(blocked.set, unblocked.set)
    declare_all(broker, [*NAMES.house(), *NAMES.listener("joe", joe.queue_type)])
    events = (amqp.encode(Event(id=str(number), type="person")) for number in range(DELIVERIES))
    publish_all(broker, [(event, Address(NAMES.deliver, "joe")) for event in events])
    delivery = DeliveryConsumer(broker, NAMES, registry, sender)
    delivery.start()
    eventually(lambda: len(sender.requests) == CONCURRENCY)
    with mortal_rabbitmq.alarm():
        first.set()  # RabbitMQ tells of the alarm when the first outcome is published
        assert blocked.wait(PATIENCE_S)
        rest.set()
        eventually(lambda: delivery.counts.delivered == len(sender.requests))
        assert len(sender.requests) <= 2 * CONCURRENCY
        assert count(broker, NAMES.attempts) == 0
    assert unblocked.wait(PATIENCE_S)
    inbox = Inbox()
    broker.consume(NAMES.attempts, inbox, prefetch=DELIVERIES)
    eventually(lambda: sum(len(attempts_of(body)) for body in inbox.bodies) == DELIVERIES)
    delivery.stop()
    broker.stop()
    assert len(sender.requests) == DELIVERIES
