"""A declared queue keeps what it confirmed, even if the broker is killed a moment later."""

from __future__ import annotations

import time

import pytest

from durian.broker.blocking import count, declare_all, publish_all
from durian.broker.port import Address
from durian.broker.rabbit import RabbitBroker
from durian.broker.rabbit.broker import SETTLE_S
from durian.broker.topology import Topology
from tests.support.broker import eventually, text
from tests.support.rabbitmq import PrivateNode

pytestmark = pytest.mark.rabbitmq

NAMES = Topology("t")
PARTS = [*NAMES.house(), *NAMES.listener("joe")]


@pytest.fixture
def broker(amqp_url: str) -> RabbitBroker:
    """A broker that gives new queues their time, as in a deployment."""
    return RabbitBroker(amqp_url)


def test_a_broker_killed_after_a_first_publish_has_the_message(
    broker: RabbitBroker, mortal_rabbitmq: PrivateNode
) -> None:
    broker.start()
    declare_all(broker, PARTS)
    publish_all(broker, [(text("1"), Address(NAMES.deliver, "joe"))])
    mortal_rabbitmq.kill()
    mortal_rabbitmq.start()
    eventually(lambda: count(broker, NAMES.listener_queue("joe")) == 1, timeout_s=60)
    broker.stop()


def test_only_a_queue_that_was_not_there_takes_time(broker: RabbitBroker, amqp_url: str) -> None:
    broker.start()
    began = time.monotonic()
    declare_all(broker, PARTS)
    assert time.monotonic() - began >= SETTLE_S
    others = RabbitBroker(amqp_url, settle_s=600)
    others.start()
    declare_all(others, PARTS)
    declare_all(others, PARTS)
    others.stop()
    broker.stop()
