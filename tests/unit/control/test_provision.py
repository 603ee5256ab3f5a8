"""Adding and removing listeners keeps registry and broker in step, whatever fails between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from durian.broker.blocking import count, declare_all
from durian.broker.clock import FakeClock
from durian.broker.memory import MemoryBroker
from durian.broker.parts import Queue
from durian.broker.port import Done
from durian.broker.topology import Topology
from durian.control import Provision
from durian.errors import BrokerUnavailable, Conflict, NotFound, QueueMissing, TopologyMismatch
from durian.registry.store import Store
from durian.registry.vault import Vault
from tests.support.registry import listener, secret

NAMES = Topology()
JOE = NAMES.listener_queue("joe")


@pytest.fixture
def broker() -> MemoryBroker:
    broker = MemoryBroker(FakeClock())
    broker.start()
    declare_all(broker, NAMES.house())
    return broker


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/durian.db", Vault([b"k" * 32])) as opened:
        yield opened


@pytest.fixture
def provision(store: Store, broker: MemoryBroker) -> Provision:
    return Provision(store, broker, NAMES)


def test_a_listener_whose_queue_cannot_be_declared_is_not_added(
    provision: Provision, store: Store, broker: MemoryBroker
) -> None:
    declare_all(broker, [Queue(JOE, {"x-queue-type": "classic"})])
    with pytest.raises(TopologyMismatch):
        provision.add(listener("joe"), secret())
    assert store.list_listeners() == []


def test_an_id_that_is_taken_leaves_the_others_queue(
    provision: Provision, broker: MemoryBroker
) -> None:
    provision.add(listener("joe"), secret())
    for other in (listener("joe"), listener("joe", queue_type="classic")):
        with pytest.raises(Conflict, match="joe exists already"):
            provision.add(other, secret())
    assert count(broker, JOE) == 0


def test_a_removed_listener_is_gone_with_its_queue(
    provision: Provision, store: Store, broker: MemoryBroker
) -> None:
    provision.add(listener("joe"), secret())
    provision.remove("joe")
    assert store.list_listeners() == []
    with pytest.raises(QueueMissing):
        count(broker, JOE)


def test_nothing_is_deleted_for_a_listener_that_never_was(
    provision: Provision, broker: MemoryBroker
) -> None:
    """Its queue may be that of a listener of another history of the registry."""
    declare_all(broker, NAMES.listener("joe"))
    with pytest.raises(NotFound):
        provision.remove("joe")
    assert count(broker, JOE) == 0


def test_a_queue_that_cannot_be_deleted_is_left_to_those_that_follow(
    provision: Provision,
    store: Store,
    broker: MemoryBroker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def away(_name: str, done: Done) -> None:
        done(BrokerUnavailable())

    provision.add(listener("joe"), secret())
    monkeypatch.setattr(broker, "delete_queue", away)
    provision.remove("joe")
    assert store.list_listeners() == []
    assert "listener.queue_left listener=joe" in caplog.text
    with store.hold_removed("joe") as was_removed:
        assert was_removed
