"""Messages of all sizes, of several queues at a time, come whole and in their order."""

from __future__ import annotations

import random

import pytest

from durian.broker.blocking import declare_all, publish_all
from durian.broker.parts import Queue
from durian.broker.port import Address
from durian.broker.rabbit import RabbitBroker
from durian.events.message import Message
from tests.support.broker import CLASSIC, Inbox, plain_queue

pytestmark = pytest.mark.rabbitmq

#: None, up to several reads from a socket, and more than one frame.
SIZES = (0, 1, 100, 3_900, 4_000, 4_100, 20_000, 65_536, 65_537, 131_064, 131_065, 400_000)

#: Seconds for all of them.
STEP_S = 60.0


def test_bodies_of_all_sizes_arrive_as_they_were(broker: RabbitBroker) -> None:
    to = plain_queue(broker)
    declare_all(broker, [Queue("other", CLASSIC)])
    rng = random.Random(7)
    bodies = [rng.randbytes(size) for size in rng.choices(SIZES, k=300)]
    messages = [
        Message(body=body, headers={"number": str(number)}, timestamp=number)
        for number, body in enumerate(bodies)
    ]
    one, other = Inbox(), Inbox()
    broker.consume("q", one, prefetch=1000)
    broker.consume("other", other, prefetch=1000)
    addresses = [to, Address("", "other")]
    publish_all(
        broker, [(message, address) for message in messages for address in addresses], STEP_S
    )
    for inbox in (one, other):
        found = [each.message for each in inbox.wait(len(messages), STEP_S)]
        assert [each.body for each in found] == bodies
        assert [each.headers["number"] for each in found] == [str(n) for n in range(len(bodies))]
        assert [each.timestamp for each in found] == list(range(len(bodies)))
