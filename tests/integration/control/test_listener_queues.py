"""A listener's queue on RabbitMQ: wrong by hand, and deleted by the one who may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from durian.broker.blocking import count, declare_all
from durian.broker.parts import Queue
from durian.broker.port import Address
from durian.broker.rabbit import RabbitBroker
from durian.broker.topology import Topology
from durian.control import Provision, declare_queues
from durian.errors import QueueMissing
from durian.registry import Policy
from durian.registry.store import Store
from durian.registry.vault import Vault
from tests.support.broker import put
from tests.support.registry import listener, secret

pytestmark = pytest.mark.rabbitmq

NAMES = Topology("t")


@pytest.fixture
def broker(amqp_url: str) -> Iterator[RabbitBroker]:
    broker = RabbitBroker(amqp_url, settle_s=0)
    broker.start()
    declare_all(broker, NAMES.house())
    yield broker
    broker.stop()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/durian.db", Vault([b"k" * 32])) as opened:
        yield opened


def test_a_queue_declared_by_hand_is_named_and_the_others_are_bound(broker: RabbitBroker) -> None:
    declare_all(broker, [Queue(NAMES.listener_queue("bad"), {"x-queue-type": "classic"})])
    everyone = [listener(name) for name in ("ann", "bad", "eve", "zoe")]
    mismatches = declare_queues(broker, NAMES, everyone)
    assert list(mismatches) == ["bad"]
    assert "for queue 't.listener.bad'" in str(mismatches["bad"])
    assert "Delete it in the RabbitMQ UI once it is empty" in str(mismatches["bad"])
    for name in ("ann", "eve", "zoe"):
        put(broker, Address(NAMES.deliver, name), "1")
        assert count(broker, NAMES.listener_queue(name)) == 1
    assert declare_queues(broker, NAMES, [listener("bad", enabled=False)]) == {}


def test_a_queue_that_somebody_has_for_himself_is_named_as_well(
    broker: RabbitBroker, amqp_url: str
) -> None:
    other = RabbitBroker(amqp_url, settle_s=0)
    other.start()
    declare_all(other, [Queue(NAMES.listener_queue("bad"), exclusive=True)])
    assert list(declare_queues(broker, NAMES, [listener("ann"), listener("bad")])) == ["bad"]
    other.stop()
    assert declare_queues(broker, NAMES, [listener("bad")]) == {}


def test_removing_a_listener_deletes_its_queue_so_that_another_kind_may_follow(
    broker: RabbitBroker, store: Store
) -> None:
    provision = Provision(store, broker, NAMES)
    provision.add(listener("joe"), secret())
    put(broker, Address(NAMES.deliver, "joe"), "1")
    provision.remove("joe")
    with pytest.raises(QueueMissing):
        count(broker, NAMES.listener_queue("joe"))
    provision.add(listener("joe", policy=Policy(ordered=True)), secret())
    assert count(broker, NAMES.listener_queue("joe")) == 0
