from __future__ import annotations

import pytest

from durian.broker.blocking import count, declare_all, delete, publish_all, unanswered, wait
from durian.broker.clock import FakeClock
from durian.broker.memory import MemoryBroker
from durian.broker.parts import Binding, Exchange, Queue
from durian.broker.port import Address
from durian.errors import BrokerBlocked, BrokerUnavailable, QueueMissing, Unroutable
from tests.support.broker import CLASSIC, text


@pytest.fixture
def broker() -> MemoryBroker:
    broker = MemoryBroker(FakeClock())
    broker.start()
    declare_all(broker, [Exchange("x", "direct"), Queue("q", CLASSIC), Binding("x", "q", "k")])
    return broker


def test_the_outcome_is_waited_for(broker: MemoryBroker) -> None:
    wait(lambda done: broker.call(lambda: done(None)))


def test_an_error_is_raised(broker: MemoryBroker) -> None:
    with pytest.raises(QueueMissing):
        declare_all(broker, [Binding("nowhere", "q", "k")])
    with pytest.raises(QueueMissing):
        count(broker, "nobody")


def test_patience_ends(broker: MemoryBroker) -> None:
    with pytest.raises(BrokerUnavailable, match=r"within 0\.01 seconds"):
        wait(lambda _: None, 0.01)
    broker.stop()
    with pytest.raises(BrokerUnavailable):
        count(broker, "q", 0.01)


def test_a_broker_that_takes_nothing_is_told_from_one_that_is_away(broker: MemoryBroker) -> None:
    message = [(text("1"), Address("x", "k"))]
    with broker.alarm():
        with pytest.raises(BrokerBlocked, match="low on memory or disk"):
            publish_all(broker, message, 0.01)
        assert type(unanswered(broker)) is BrokerBlocked
    assert type(unanswered(broker, "It is silent.")) is BrokerUnavailable


def test_all_are_published_before_the_first_error_is_raised(broker: MemoryBroker) -> None:
    messages = [(text("1"), Address("x", key)) for key in ("k", "nobody", "k")]
    with pytest.raises(Unroutable):
        publish_all(broker, messages)
    assert count(broker, "q") == 2
    publish_all(broker, [])


def test_a_queue_is_deleted(broker: MemoryBroker) -> None:
    delete(broker, "q")
    with pytest.raises(QueueMissing):
        count(broker, "q")
