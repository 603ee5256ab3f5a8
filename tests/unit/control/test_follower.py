"""A follower hears of changes at once, and goes on hearing whatever happens to its own queue."""

from __future__ import annotations

import threading

import pytest

from durian.broker.blocking import declare_all
from durian.broker.clock import FakeClock
from durian.broker.memory import MemoryBroker
from durian.broker.topology import Topology
from durian.control import Follower, announce
from tests.support.whole import FakeRegistry

NAMES = Topology()


@pytest.fixture
def broker() -> MemoryBroker:
    broker = MemoryBroker(FakeClock())
    broker.start()
    declare_all(broker, NAMES.house())
    return broker


def test_a_follower_whose_control_queue_was_deleted_has_another_one(broker: MemoryBroker) -> None:
    looked = threading.Semaphore(0)
    never_s = 10_000.0
    follower = Follower(
        FakeRegistry(),
        broker,
        NAMES,
        lambda _changes, _unready: (),
        on_look=looked.release,
        poll_s=never_s,
    )
    follower.start()
    assert looked.acquire(timeout=30)
    announce(broker, NAMES)
    assert looked.acquire(timeout=30)
    broker.delete_queue(follower._queue, lambda _error: None)
    broker.advance(60)
    announce(broker, NAMES)
    assert looked.acquire(timeout=30)
    follower.stop()
