"""What is deleted, or forgotten, does not come to harm or come back later."""

from __future__ import annotations

import pytest

from durian.broker.blocking import count, declare_all, delete
from durian.broker.rabbit import RabbitBroker
from durian.broker.topology import Topology
from durian.errors import BrokerUnavailable, QueueMissing
from tests.support.broker import Outcome, eventually, lose, plain_queue, put

pytestmark = pytest.mark.rabbitmq

NAMES = Topology("t")


def test_a_deletion_does_not_outlive_its_connection(broker: RabbitBroker) -> None:
    """By the time of the next one, somebody may have declared the queue for another use."""
    to = plain_queue(broker)
    put(broker, to, "1")
    outcome = Outcome()
    lose(broker)
    broker.delete_queue("q", outcome)
    assert isinstance(outcome.wait(), BrokerUnavailable)
    plain_queue(broker)
    assert count(broker, "q") == 1


def test_a_deletion_that_is_not_begun_in_time_is_not_made(
    broker: RabbitBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = plain_queue(broker)
    put(broker, to, "1")
    monkeypatch.setattr("durian.broker.rabbit.broker.DELETE_WITHIN_S", -1.0)
    outcome = Outcome()
    broker.delete_queue("q", outcome)
    assert isinstance(outcome.wait(), BrokerUnavailable)
    assert count(broker, "q") == 1


def test_a_queue_that_was_forgotten_is_not_declared_after_a_reconnect(
    broker: RabbitBroker, amqp_url: str
) -> None:
    declare_all(broker, [*NAMES.house(), *NAMES.listener("joe"), *NAMES.listener("bo")])
    broker.forget_queue(NAMES.listener_queue("joe"))
    other = RabbitBroker(amqp_url, settle_s=0)
    other.start()
    for name in ("joe", "bo"):
        delete(other, NAMES.listener_queue(name))
    other.stop()
    lose(broker)
    eventually(lambda: exists(broker, NAMES.listener_queue("bo")))
    assert not exists(broker, NAMES.listener_queue("joe"))


def exists(broker: RabbitBroker, queue: str) -> bool:
    try:
        count(broker, queue)
    except QueueMissing:
        return False
    return True
