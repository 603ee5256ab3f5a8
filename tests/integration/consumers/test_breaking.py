"""Two delivery processes and a listener that fails: on each broker, by each database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from durian.broker.blocking import count, declare_all, publish_all
from durian.broker.port import Address, Broker
from durian.broker.topology import Topology
from durian.consumers import BreakerRules, DeliveryConsumer
from durian.consumers.sender.port import Outcome, Request
from durian.events import Event, amqp
from durian.registry import ListenerSecret, Policy
from durian.registry.store import Store
from durian.registry.vault import Vault
from durian.router import Router
from tests.support.broker import eventually
from tests.support.registry import make_registry
from tests.support.whole import FakeSender, listener, status

NAMES = Topology()

RULES = BreakerRules(failures=3, pause_s=0.3, longest_pause_s=0.3, jitter=0, disable_after_s=3600)

#: Nearly every attempt is the first: what is tried again comes a minute later.
PATIENT = Policy(schedule_s=(0, 60, 60), concurrency=2)

#: The same, of an ordered listener.
QUICK_ORDER = Policy(schedule_s=(0, *[0.05] * 99), ordered=True, jitter=0)


class Scene:
    """Router and two delivery processes; joe is down until he is not."""

    def __init__(self, broker: Broker, registry_url: str, stack: ExitStack) -> None:
        self.broker = broker
        self.up = False
        self.sender = FakeSender()
        self.sender.answer = self._answer
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()
        make_registry(registry_url)
        self.store = stack.enter_context(Store.open(registry_url, Vault([b"k" * 32])))
        router = Router(broker, NAMES, self.store, poll_s=0.2)
        stack.callback(router.stop)
        router.start()
        self.deliveries = [
            DeliveryConsumer(broker, NAMES, self.store, self.sender, poll_s=0.2, rules=rules)
            for rules in (RULES, RULES)
        ]
        for delivery in self.deliveries:
            stack.callback(delivery.stop)
            delivery.start()

    def add(self, listener_id: str, event: str, policy: Policy) -> None:
        declare_all(self.broker, NAMES.listener(listener_id, ordered=policy.ordered))
        secret = ListenerSecret.new(now=time.time())
        self.store.add_listener(listener(listener_id, event, policy=policy), secret)

    def _answer(self, request: Request) -> Outcome:
        if request.listener_id != "joe":
            return status(200)
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        threading.Event().wait(0.01)
        with self._lock:
            self.at_once -= 1
        return status(200 if self.up else 503)

    def deliver(self, number: int) -> None:
        to = Address(NAMES.deliver, "joe")
        events = (Event(id=str(each), type="person") for each in range(number))
        publish_all(self.broker, [(amqp.encode(event), to) for event in events])

    def attempts(self, at: str = "joe") -> list[Request]:
        return [request for request in list(self.sender.requests) if request.listener_id == at]

    def told(self) -> list[str]:
        return [request.headers["ce-type"] for request in self.attempts("ops")]


@pytest.fixture
def scene(broker: Broker, registry_url: str) -> Iterator[Scene]:
    with ExitStack() as stack:
        yield Scene(broker, registry_url, stack)


def soon(happens: Callable[[], bool]) -> None:
    eventually(happens, 30.0)


def test_both_leave_it_alone_probe_by_turns_and_go_on(scene: Scene) -> None:
    scene.add("ops", "durian.#", PATIENT)
    scene.add("joe", "person", PATIENT)
    scene.deliver(200)
    soon(lambda: bool(scene.store.open_breakers()))
    soon(lambda: scene.store.open_breakers()[0].probes >= 3)
    # At most what was under way or found out twice, and the probes; the rest rests.
    assert len(scene.attempts()) < 40
    assert count(scene.broker, NAMES.listener_queue("joe")) > 150
    with scene._lock:
        scene.most_at_once = 0
    probes = scene.store.open_breakers()[0].probes
    soon(lambda: scene.store.open_breakers()[0].probes >= probes + 3)
    assert scene.most_at_once == 1

    scene.up = True
    soon(lambda: not scene.store.open_breakers())
    soon(lambda: len({one.headers["webhook-id"] for one in scene.attempts()}) == 200)
    soon(lambda: "durian.listener.recovered" in scene.told())
    assert scene.told() == ["durian.listener.failing", "durian.listener.recovered"]


def test_an_ordered_listener_is_probed_in_its_order(scene: Scene) -> None:
    scene.add("joe", "person", QUICK_ORDER)
    scene.deliver(20)
    soon(lambda: bool(scene.store.open_breakers()))
    soon(lambda: scene.store.open_breakers()[0].probes >= 2)
    assert {one.headers["ce-id"] for one in scene.attempts()} == {"0"}
    scene.up = True
    soon(lambda: len({one.headers["ce-id"] for one in scene.attempts()}) == 20)
    seen = list(dict.fromkeys(one.headers["ce-id"] for one in scene.attempts()))
    assert seen == [str(number) for number in range(20)]
    assert scene.most_at_once == 1
    soon(lambda: not scene.store.open_breakers())


def test_a_rate_holds_over_both(scene: Scene) -> None:
    scene.up = True
    scene.add("joe", "person", Policy(rate_per_s=50.0))
    scene.deliver(100)
    began = time.monotonic()
    soon(lambda: len(scene.attempts()) == 100)
    assert time.monotonic() - began >= 1.5
    assert all(one.counts.delivered for one in scene.deliveries)
