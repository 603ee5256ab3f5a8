"""Batches on RabbitMQ, by either sender: nothing is lost, and what is recorded is what happened."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from ipaddress import ip_network

import pytest

from durian.broker.blocking import count, declare_all, publish_all
from durian.broker.port import Address
from durian.broker.rabbit import RabbitBroker
from durian.broker.topology import Topology
from durian.consumers import BreakerRules, DeliveryConsumer
from durian.consumers.lane import READY_AHEAD
from durian.events import Event, amqp
from durian.receiver import receive_batch
from durian.registry import Listener, Policy
from durian.registry.attempt import Attempt, attempts_of
from tests.support.broker import Inbox, eventually
from tests.support.proxy import Proxy
from tests.support.receivers import Connection, Receiver
from tests.support.senders import KINDS, SenderKind, Senders
from tests.support.whole import SECRET, FakeRegistry, listener

pytestmark = pytest.mark.rabbitmq

NAMES = Topology()
QUEUE = NAMES.listener_queue("joe")

#: Seconds until everything is delivered, on a busy machine.
SOON_S = 120.0

#: Tried again and again, in a moment.
POLICY = Policy(
    schedule_s=(0, *[0.05] * 99),
    jitter=0,
    concurrency=3,
    payload="cloudevent",
    batch_events=8,
    batch_wait_s=0.2,
)


class Desk:
    """A receiver that verifies batches, and answers as it is told."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: Ids of events in requests that were answered with 2xx, by the requests' webhook-id.
        self.taken: list[tuple[str, list[str]]] = []
        self.asked = 0
        self.answer: Callable[[list[str]], int] = lambda _ids: 200
        #: While it is not set, answers wait.
        self.open = threading.Event()
        self.open.set()

    @property
    def events(self) -> Counter[str]:
        """How often each event was taken."""
        with self._lock:
            return Counter(one for _, ids in self.taken for one in ids)

    def __call__(self, connection: Connection) -> None:
        while (request := connection.request()) is not None:
            names = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type")
            headers = {name: request.header(name) or "" for name in names}
            ids = [event.id for event in receive_batch(headers, request.body, [SECRET])]
            with self._lock:
                self.asked += 1
            self.open.wait(SOON_S)
            with self._lock:
                status = self.answer(ids)
                if status < 300:
                    self.taken.append((headers["webhook-id"], ids))
            connection.send(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)


class Scene:
    """Delivery processes, each with a connection of its own, and one listener."""

    def __init__(self, url: str, kind: SenderKind, stack: ExitStack) -> None:
        self._kind = kind
        self._stack = stack
        self.proxy = stack.enter_context(Proxy(url))
        self.broker = RabbitBroker(url, settle_s=0)
        self.broker.start()
        stack.callback(self.broker.stop)
        self.registry = FakeRegistry()
        self.desk = Desk()
        receiver = stack.enter_context(Receiver(self.desk))
        # What waits at the end would hold the receiver up.
        stack.callback(self.desk.open.set)
        self.url = receiver.url()
        joe = self.put(POLICY)
        declare_all(self.broker, [*NAMES.house(), *NAMES.listener("joe", joe.queue_type)])

    def put(self, policy: Policy) -> Listener:
        joe = listener("joe", url=self.url, policy=policy)
        self.registry.put(joe)
        return joe

    def start(self) -> DeliveryConsumer:
        """Start a delivery process."""
        broker = RabbitBroker(self.proxy.url, settle_s=0)
        broker.start()
        self._stack.callback(broker.stop)
        sender = Senders(self._kind, self._stack, broker)(
            allowed_networks=[ip_network("127.0.0.0/8")]
        )
        rules = BreakerRules(failures=10, pause_s=0.3, longest_pause_s=0.3)
        delivery = DeliveryConsumer(broker, NAMES, self.registry, sender, rules=rules)
        self._stack.callback(delivery.stop)
        delivery.start()
        assert delivery.wait_ready(SOON_S)
        return delivery

    def publish(self, first: int, last: int) -> None:
        """Put events into the listener's queue, under their numbers."""
        events = [Event(id=str(number), type="person") for number in range(first, last)]
        to = Address(NAMES.deliver, "joe")
        publish_all(self.broker, [(amqp.encode(event), to) for event in events])

    def delivered(self, number: int) -> Mapping[str, Attempt]:
        """The records of what was delivered, which are so many, by event."""
        inbox = Inbox()
        self.broker.consume(NAMES.attempts, inbox, prefetch=1000)

        def found() -> list[Attempt]:
            records = [one for body in list(inbox.bodies) for one in attempts_of(body)]
            return [one for one in records if one.result == "delivered"]

        eventually(lambda: len(found()) >= number, SOON_S)
        return {record.event_id: record for record in found()}


@pytest.fixture(params=KINDS)
def scene(request: pytest.FixtureRequest, amqp_url: str) -> Iterator[Scene]:
    with ExitStack() as stack:
        yield Scene(amqp_url, request.param, stack)


def test_a_stop_gives_back_what_is_gathered_and_finishes_what_is_under_way(scene: Scene) -> None:
    scene.put(POLICY.model_copy(update={"batch_wait_s": 30.0}))
    scene.desk.open.clear()
    first = scene.start()
    scene.publish(0, 11)
    eventually(lambda: scene.desk.asked == 1 and count(scene.broker, QUEUE) == 0, SOON_S)
    stopping = threading.Thread(target=first.stop)
    stopping.start()
    eventually(lambda: count(scene.broker, QUEUE) == 3, SOON_S)
    scene.desk.open.set()
    stopping.join(SOON_S)
    assert [ids for _, ids in scene.desk.taken] == [[str(number) for number in range(8)]]
    scene.put(POLICY)
    scene.start()
    eventually(lambda: len(scene.desk.events) == 11, SOON_S)
    assert [ids for _, ids in scene.desk.taken[1:]] == [["8", "9", "10"]]


def test_nothing_is_lost_while_batches_fail_are_split_and_change_hands(scene: Scene) -> None:
    rng = random.Random(11)
    events = 400

    def answer(ids: list[str]) -> int:
        if len(ids) > 5 and rng.random() < 0.3:
            return 413
        return 200 if rng.random() < 0.6 else 503

    scene.desk.answer = answer
    first, second = scene.start(), scene.start()
    scene.publish(0, events // 2)
    eventually(lambda: len(scene.desk.events) > events // 8, SOON_S)
    first.stop()
    third = scene.start()
    scene.publish(events // 2, events)
    eventually(lambda: len(scene.desk.events) > events // 2, SOON_S)
    second.stop()
    eventually(lambda: len(scene.desk.events) == events, SOON_S)
    third.stop()
    assert set(scene.desk.events.values()) == {1}
    batches = dict(scene.desk.taken)
    for event_id, record in scene.delivered(events).items():
        assert event_id in batches[record.batch_id or record.webhook_id]


def test_what_a_lost_connection_doubles_was_in_hand(scene: Scene) -> None:
    scene.desk.open.clear()
    delivery = scene.start()
    scene.publish(0, 100)
    eventually(lambda: scene.desk.asked == POLICY.concurrency, SOON_S)
    scene.proxy.reset()
    scene.desk.open.set()
    eventually(lambda: len(scene.desk.events) == 100, SOON_S)
    eventually(lambda: count(scene.broker, QUEUE) == 0, SOON_S)
    delivery.stop()
    held = POLICY.concurrency * POLICY.batch_events + READY_AHEAD
    assert sum(scene.desk.events.values()) <= 100 + held
