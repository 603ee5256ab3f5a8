"""What somebody deleted on RabbitMQ is there again, without a restart."""

from __future__ import annotations

from collections.abc import Iterator

import pika
import pytest

from durian.broker.blocking import count, declare_all
from durian.broker.port import Address
from durian.broker.rabbit import RabbitBroker
from durian.broker.topology import Topology
from durian.events import Event, amqp
from durian.router import Router
from tests.support.broker import Outcome, eventually
from tests.support.whole import FakeRegistry, listener

pytestmark = pytest.mark.rabbitmq

NAMES = Topology("t")


@pytest.fixture
def broker(amqp_url: str) -> Iterator[RabbitBroker]:
    broker = RabbitBroker(amqp_url, settle_s=0)
    broker.start()
    yield broker
    broker.stop()


def test_a_router_declares_a_deleted_exchange_with_all_that_is_bound_to_it(
    broker: RabbitBroker, amqp_url: str
) -> None:
    registry = FakeRegistry()
    for name in ("ann", "joe"):
        registry.put(listener(name))
    router = Router(broker, NAMES, registry)
    router.start()
    assert router.wait_ready(60)
    with pika.BlockingConnection(pika.URLParameters(amqp_url)) as connection:
        connection.channel().exchange_delete(NAMES.deliver)
    event = Event(type="person", data={})
    published = Outcome()
    broker.publish(amqp.encode(event), Address(NAMES.events, "person"), published)
    assert published.wait() is None
    for name in ("ann", "joe"):
        eventually(lambda name=name: count(broker, NAMES.listener_queue(name)) == 1)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    assert count(broker, NAMES.orphans) == 0
    router.stop()


def test_many_who_ask_for_it_cost_one_declaration(broker: RabbitBroker) -> None:
    declare_all(broker, NAMES.house())
    asked: list[object] = []
    broker.call(lambda: _watch(broker, asked))
    for _ in range(100):
        broker.redeclare()
    done = Outcome()
    broker.call(lambda: done(None))
    assert done.wait() is None
    assert len(asked) == 1


def _watch(broker: RabbitBroker, asked: list[object]) -> None:
    declarer = broker._session.declarer
    submit = declarer.submit

    def noted(request: object) -> None:
        asked.append(request)
        submit(request)  # type: ignore[arg-type]  # as it came

    declarer.submit = noted  # type: ignore[method-assign]  # looked at
