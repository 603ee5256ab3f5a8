"""The order of an ordered listener, on RabbitMQ: processes stop, die and come while it fails."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Literal

import pytest

from durian.broker.blocking import declare_all, publish_all
from durian.broker.port import Address
from durian.broker.rabbit import RabbitBroker
from durian.broker.topology import Topology
from durian.consumers import DeliveryConsumer
from durian.consumers.sender.port import Outcome, Request
from durian.events import Event, amqp
from durian.registry import Listener, Policy
from tests.support.broker import eventually
from tests.support.proxy import Proxy
from tests.support.whole import FakeRegistry, FakeSender, listener, status

pytestmark = pytest.mark.rabbitmq

NAMES = Topology()

#: Short waits, and never given up: what is tested is the order.
POLICY = Policy(schedule_s=(0, *[0.05] * 99), jitter=0, ordered=True)

#: Seconds until everything is delivered, restarts included.
SOON_S = 120.0


@dataclass
class Process:
    """A delivery process with a connection of its own, which can be cut off."""

    delivery: DeliveryConsumer
    proxy: Proxy
    stack: ExitStack


@dataclass
class Scene:
    url: str
    joe: Listener
    rng: random.Random
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    sender: FakeSender = field(default_factory=lambda: FakeSender(capacity=8))
    processes: list[Process] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.registry.put(self.joe)
        self.sender.answer = self._answer

    def _answer(self, _: Request) -> Outcome:
        threading.Event().wait(self.rng.random() * 0.02)
        return status(self.rng.choice([200, 200, 500]))

    def start(self) -> None:
        stack = ExitStack()
        proxy = stack.enter_context(Proxy(self.url))
        broker = RabbitBroker(proxy.url)
        broker.start()
        stack.callback(broker.stop)
        delivery = DeliveryConsumer(broker, NAMES, self.registry, self.sender)
        stack.callback(delivery.stop)
        delivery.start()
        assert delivery.wait_ready(30)
        self.processes.append(Process(delivery, proxy, stack))

    def stop(self, number: int) -> None:
        """Let a process end as it should."""
        self.processes.pop(number).stack.close()

    def active(self, within_s: float) -> int:
        """The number of the process that makes the attempts."""
        before = [one.delivery.counts.attempts for one in self.processes]
        threading.Event().wait(within_s)
        made = [
            one.delivery.counts.attempts - was
            for one, was in zip(self.processes, before, strict=True)
        ]
        return made.index(max(made))

    def publish(self, first: int, last: int) -> None:
        broker = RabbitBroker(self.url)
        broker.start()
        declare_all(broker, NAMES.listener("joe", self.joe.queue_type, ordered=True))
        to = Address(NAMES.deliver, "joe")
        events = [Event(id=str(number), type="person") for number in range(first, last)]
        for event in events:
            publish_all(broker, [(amqp.encode(event), to)])
        broker.stop()

    def seen(self) -> list[str]:
        return [request.headers["ce-id"] for request in list(self.sender.requests)]


@pytest.fixture(params=["quorum", "classic"])
def scene(request: pytest.FixtureRequest, amqp_url: str) -> Iterator[Scene]:
    kind: Literal["quorum", "classic"] = request.param
    scene = Scene(amqp_url, listener("joe", policy=POLICY, queue_type=kind), random.Random(1))
    yield scene
    while scene.processes:
        scene.stop(0)


def test_the_order_holds_through_handovers(scene: Scene) -> None:
    for _ in range(3):
        scene.start()
    scene.publish(0, 350)
    for number in range(6):
        active = scene.active(0.6)
        if number % 2:
            scene.stop(active)
            scene.start()
        else:
            scene.processes[active].proxy.reset()
    eventually(lambda: "349" in scene.seen(), SOON_S)
    threading.Event().wait(1.0)

    seen = scene.seen()
    everything = [str(number) for number in range(350)]
    assert list(dict.fromkeys(seen)) == everything
    assert list(dict.fromkeys(reversed(seen)))[::-1] == everything
