"""What is known of an ordered listener's head is not lost when its process stops."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from durian.broker.blocking import declare_all, publish_all
from durian.broker.memory import MemoryBroker
from durian.broker.port import Address
from durian.broker.topology import Topology
from durian.consumers import DeliveryConsumer
from durian.consumers.ordered import HAND_OVER_S, SETTLE_S
from durian.consumers.sender.port import Outcome, Request
from durian.events import Event, amqp
from durian.registry import Head, Policy
from tests.support.broker import eventually
from tests.support.whole import FakeRegistry, FakeSender, House, listener, status

ORDERED = Policy(schedule_s=(0, 5, 300, 1800), jitter=0, ordered=True)

NAMES = Topology()


class Scene(House):
    """A house whose ordered listener fails, and a second process that stands by."""

    def __init__(self) -> None:
        super().__init__()
        self.sender.answer = lambda _request: status(500)
        self.add(listener("joe", "person", policy=ORDERED))
        self.emit(Event(id="1", type="person"))
        self.advance(SETTLE_S, steps=1)
        assert self.attempts() == 1
        self.another().follower.catch_up()
        self.settle()

    def begin_stop(self) -> None:
        """Do what a stop does before it waits."""
        self.broker.call(lambda: self.delivery._pause_all(lambda _error: None))

    def attempts(self) -> int:
        return len(self.sender.requests)


def test_what_the_registry_missed_is_told_before_the_queue_is_let_go() -> None:
    scene = Scene()
    scene.registry.away = True
    scene.advance(6)
    assert scene.attempts() == 2
    assert scene.registry.heads["joe"].attempts == 1
    scene.begin_stop()
    scene.advance(10)
    assert scene.broker.unsettled(NAMES.listener_queue("joe")) == 1
    assert scene.attempts() == 2
    scene.registry.away = False
    scene.advance(5)
    assert scene.registry.heads["joe"].attempts == 2
    scene.advance(300 - 25)
    assert scene.attempts() == 2  # the second process knows when the third attempt is due
    scene.advance(10)
    assert scene.attempts() == 3


def test_a_registry_that_stays_away_does_not_keep_the_queue_for_ever() -> None:
    scene = Scene()
    scene.registry.away = True
    scene.advance(6)
    scene.begin_stop()
    scene.advance(HAND_OVER_S - 1)
    assert scene.attempts() == 2
    scene.advance(5)
    assert scene.attempts() == 3


def test_what_is_forgotten_is_told_too() -> None:
    """Or a replay of the same event would count on from where the first delivery ended."""
    scene = Scene()
    scene.registry.away = True
    scene.sender.answer = lambda _request: status(200)
    scene.advance(6)
    assert scene.attempts() == 2
    scene.begin_stop()
    scene.registry.away = False
    scene.advance(6)
    assert scene.registry.heads == {}


def test_a_process_that_lost_the_queue_tells_nothing_of_it() -> None:
    scene = Scene()
    scene.registry.away = True
    scene.advance(6)
    scene.broker.lose()
    scene.broker.delete_queue(NAMES.listener_queue("joe"), lambda _error: None)
    scene.registry.away = False
    scene.begin_stop()
    scene.advance(HAND_OVER_S)
    assert scene.registry.heads["joe"].attempts == 1


class SlowRegistry(FakeRegistry):
    """A registry that takes its time to write a head."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.answers = threading.Event()

    def put_head(self, head: Head) -> None:
        self.asked.set()
        assert self.answers.wait(20)
        super().put_head(head)


@pytest.fixture
def broker() -> Iterator[MemoryBroker]:
    broker = MemoryBroker()
    broker.start()
    declare_all(broker, NAMES.house())
    yield broker
    broker.stop()


def test_a_stop_waits_for_the_registry_to_know_the_last_attempt(broker: MemoryBroker) -> None:
    registry, sender = SlowRegistry(), FakeSender(capacity=4)
    under_way, stopping = threading.Event(), threading.Event()

    def answer(_: Request) -> Outcome:
        under_way.set()
        assert stopping.wait(20)
        return status(500)

    sender.answer = answer
    registry.put(listener("joe", policy=ORDERED))
    delivery = DeliveryConsumer(broker, NAMES, registry, sender)
    delivery.start()
    assert delivery.wait_ready(20)
    publish_all(broker, [(amqp.encode(Event(type="person")), Address(NAMES.deliver, "joe"))])
    assert under_way.wait(20)
    stop = threading.Thread(target=delivery.stop)
    stop.start()
    eventually(lambda: delivery._stopping)
    stopping.set()
    assert registry.asked.wait(20)
    assert broker.ready(NAMES.listener_queue("joe")) == 0
    assert stop.is_alive()
    registry.answers.set()
    stop.join(20)
    assert registry.heads["joe"].attempts == 1
    assert broker.ready(NAMES.listener_queue("joe")) == 1
