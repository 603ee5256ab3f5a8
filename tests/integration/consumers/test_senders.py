"""Deliveries keep their promise with either sender: real brokers, real requests."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import ip_network

import pytest

from durian.broker.blocking import count, declare_all, publish_all
from durian.broker.port import Address, Broker
from durian.broker.topology import Topology
from durian.consumers import BreakerRules, DeliveryConsumer
from durian.events import Event, amqp
from durian.registry import Policy
from tests.support.broker import eventually
from tests.support.receivers import Connection, Receiver
from tests.support.senders import KINDS, Senders
from tests.support.whole import FakeRegistry, listener

NAMES = Topology()

#: Seconds until everything is delivered, on a busy machine.
SOON_S = 60.0

#: Tried again and again, in a moment.
POLICY = Policy(schedule_s=(0, *[0.05] * 99), jitter=0, concurrency=4)


class Desk:
    """A receiver that notes whose request it takes, and answers as it is told."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: Ids of events, in the order in which they were taken with a 2xx.
        self.taken: list[str] = []
        #: Requests so far, and how many of them were under way at once at most.
        self.asked = 0
        self.most = 0
        self._now = 0
        #: The status of the next answer to an event's id.
        self.answer: Callable[[str], int] = lambda _event_id: 200
        #: While it is not set, answers wait.
        self.open = threading.Event()
        self.open.set()

    def __call__(self, connection: Connection) -> None:
        while (request := connection.request()) is not None:
            event_id = request.header("ce-id") or ""
            with self._lock:
                self.asked += 1
                self._now += 1
                self.most = max(self.most, self._now)
            self.open.wait(SOON_S)
            status = self.answer(event_id)
            with self._lock:
                self._now -= 1
                if status < 300:
                    self.taken.append(event_id)
            connection.send(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)


class Scene:
    """Deliveries by a real sender, whose listeners are desks."""

    def __init__(self, broker: Broker, senders: Senders, stack: ExitStack) -> None:
        self.broker = broker
        self.registry = FakeRegistry()
        self._senders = senders
        self._stack = stack

    def add(self, name: str, policy: Policy = POLICY) -> Desk:
        """Add a listener, before any process starts."""
        desk = Desk()
        receiver = self._stack.enter_context(Receiver(desk))
        # What waits at the end would hold the receiver up.
        self._stack.callback(desk.open.set)
        one = listener(name, url=receiver.url(), policy=policy)
        self.registry.put(one)
        declare_all(self.broker, NAMES.listener(name, one.queue_type, ordered=policy.ordered))
        return desk

    def start(self, grace_s: float = 30.0) -> DeliveryConsumer:
        """Start a delivery process."""
        sender = self._senders(allowed_networks=[ip_network("127.0.0.0/8")])
        rules = BreakerRules(failures=5, pause_s=0.3, longest_pause_s=0.3)
        delivery = DeliveryConsumer(
            self.broker, NAMES, self.registry, sender, rules=rules, grace_s=grace_s
        )
        self._stack.callback(delivery.stop)
        delivery.start()
        assert delivery.wait_ready(SOON_S)
        return delivery

    def publish(self, name: str, events: int) -> list[str]:
        """Put events into a listener's queue; tells their ids."""
        ids = [f"{name}-{number}" for number in range(events)]
        to = Address(NAMES.deliver, name)
        publish_all(self.broker, [(amqp.encode(Event(id=one, type="person")), to) for one in ids])
        return ids


@pytest.fixture(params=KINDS)
def scene(request: pytest.FixtureRequest, broker: Broker) -> Iterator[Scene]:
    with ExitStack() as stack:
        declare_all(broker, NAMES.house())
        yield Scene(broker, Senders(request.param, stack, broker), stack)


def test_everything_is_delivered_once_and_no_more_at_a_time_than_is_allowed(scene: Scene) -> None:
    desks = {name: scene.add(name) for name in ("a", "b", "c")}
    for desk in desks.values():
        desk.open.clear()
    delivery = scene.start()
    ids = {name: scene.publish(name, 100) for name in desks}
    full = POLICY.concurrency
    eventually(lambda: [desk.asked for desk in desks.values()] == [full] * 3, SOON_S)
    for desk in desks.values():
        desk.open.set()
    eventually(lambda: delivery.counts.delivered == 300, SOON_S)
    for name, desk in desks.items():
        assert sorted(desk.taken) == sorted(ids[name])
        assert desk.most == full


def test_a_listener_that_hangs_holds_nobody_back(scene: Scene) -> None:
    hung, well = scene.add("hung"), scene.add("well")
    hung.open.clear()
    scene.start(grace_s=0.0)
    scene.publish("hung", 50)
    eventually(lambda: hung.asked == POLICY.concurrency, SOON_S)
    ids = scene.publish("well", 100)
    eventually(lambda: sorted(well.taken) == sorted(ids), SOON_S)
    assert hung.asked == POLICY.concurrency


def test_a_breaker_opens_and_closes(scene: Scene) -> None:
    desk = scene.add("joe")
    desk.answer = lambda _event_id: 503
    delivery = scene.start()
    ids = scene.publish("joe", 30)
    eventually(lambda: "joe" in scene.registry.breakers, SOON_S)
    desk.answer = lambda _event_id: 200
    eventually(lambda: sorted(desk.taken) == sorted(ids), SOON_S)
    eventually(lambda: "joe" not in scene.registry.breakers, SOON_S)
    assert delivery.counts.dead == 0


def test_an_order_holds_while_attempts_fail(scene: Scene) -> None:
    desk = scene.add("joe", POLICY.model_copy(update={"ordered": True}))
    tries: Counter[str] = Counter()

    def answer(event_id: str) -> int:
        tries[event_id] += 1
        return 200 if tries[event_id] == 1 + int(event_id[-1]) % 3 else 500

    desk.answer = answer
    scene.start()
    ids = scene.publish("joe", 20)
    eventually(lambda: len(desk.taken) == len(ids), SOON_S)
    assert (desk.taken, desk.most) == (ids, 1)


def test_a_stop_finishes_what_is_under_way_and_gives_back_the_rest(scene: Scene) -> None:
    desk = scene.add("joe")
    desk.open.clear()
    first = scene.start()
    ids = scene.publish("joe", 50)
    eventually(lambda: desk.asked == POLICY.concurrency, SOON_S)
    stopping = threading.Thread(target=first.stop)
    stopping.start()
    queue = NAMES.listener_queue("joe")
    eventually(lambda: count(scene.broker, queue) == len(ids) - POLICY.concurrency, SOON_S)
    desk.open.set()
    stopping.join(SOON_S)
    assert (first.counts.delivered, desk.asked) == (POLICY.concurrency, POLICY.concurrency)
    scene.start()
    eventually(lambda: len(desk.taken) == len(ids), SOON_S)
    assert sorted(desk.taken) == sorted(ids)
