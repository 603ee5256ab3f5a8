"""A whole Durian in one thread: router and delivery on the embedded broker and a clock by hand."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from durian.broker.blocking import declare_all
from durian.broker.clock import FakeClock
from durian.broker.memory import MemoryBroker
from durian.broker.port import Address
from durian.broker.topology import BUCKETS_MS, Topology
from durian.consumers import DeliveryConsumer
from durian.consumers.sender.port import Done, Outcome, Request
from durian.consumers.sender.threads import Threads
from durian.errors import NotFound, QueueMissing
from durian.events import Event, amqp
from durian.events.message import Message
from durian.registry import Listener, ListenerSecret, Policy
from durian.registry.changes import Changes
from durian.router import Router
from tests.support.lanes import FakeLanes

SECRET = "whsec_" + "c2VjcmV0" * 5

#: Two retries, half a minute and five minutes after the failure before.
QUICK = Policy(schedule_s=(0, 30, 300), jitter=0)


def listener(listener_id: str, event: str = "#", **fields: object) -> Listener:
    """A listener with a policy of three attempts."""
    defaults = {"id": listener_id, "url": f"https://{listener_id}.example/", "policy": QUICK}
    return Listener.create(**(defaults | {"event": event} | fields))


class FakeRegistry(FakeLanes):
    """What router and delivery ask of the registry, in a dict."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        super().__init__(now)
        self.version = 0
        #: True while nobody may write.
        self.held = False
        self.listeners: dict[str, tuple[int, Listener]] = {}
        self.removed: dict[str, int] = {}
        self.client_keys: dict[str, str] = {}
        #: Ids of listeners whose policy nobody can read.
        self.unreadable: set[str] = set()

    def put(self, listener: Listener) -> None:
        assert not self.held, "a writer would wait"
        self.version += 1
        self.removed.pop(listener.id, None)
        self.listeners[listener.id] = (self.version, listener)
        self.breakers.pop(listener.id, None)
        self.next_at.pop(listener.id, None)

    def remove(self, listener_id: str) -> None:
        self.version += 1
        del self.listeners[listener_id]
        self.removed[listener_id] = self.version

    def stream(self, since: int) -> Iterator[Changes]:
        changed = [each for version, each in self.listeners.values() if version > since]
        yield Changes(
            version=self.version,
            listeners=changed,
            unreadable=[each.id for each in changed if each.id in self.unreadable],
            removed=[each for each, version in self.removed.items() if version > since],
        )

    def changes_of(self, listener_ids: Collection[str]) -> Changes:
        found = [self.listeners[each][1] for each in listener_ids if each in self.listeners]
        unreadable = [each.id for each in found if each.id in self.unreadable]
        return Changes(version=self.version, listeners=found, unreadable=unreadable)

    @contextmanager
    def hold_removed(self, listener_id: str) -> Iterator[bool]:
        self.held = True
        try:
            yield listener_id in self.removed
        finally:
            self.held = False

    def secrets_of(self, listener_id: str, now: float) -> list[ListenerSecret]:
        if listener_id not in self.listeners:
            raise NotFound
        assert now > 0
        return [ListenerSecret(value=SECRET, created_at=0)]

    def secrets_of_many(
        self, listener_ids: Collection[str], now: float
    ) -> dict[str, list[ListenerSecret]]:
        if "secrets_of" in vars(self):
            return {}  # a test lets some of them fail
        present = [each for each in listener_ids if each in self.listeners]
        return {each: self.secrets_of(each, now) for each in present}

    def client_key_of(self, listener_id: str) -> str | None:
        return self.client_keys.get(listener_id)

    def disable_listener(self, listener_id: str) -> bool:
        self._asked()
        listener = self.listeners[listener_id][1]
        self.put(listener.replace(enabled=False))
        return listener.enabled


class FakeSender:
    """Notes every request; answers by `answer`, which is 200 unless a test says otherwise.

    On threads, so that an answer may take its time; `HandSender` leaves that to the test.
    """

    def __init__(self, capacity: int = 128) -> None:
        self.capacity = capacity
        self.requests: list[Request] = []
        self.forgotten: list[str] = []
        self.answer: Callable[[Request], Outcome] = lambda _request: status(200)
        self._threads = Threads(self._made, capacity)

    def begin(self, request: Request, done: Done) -> None:
        self._threads.begin(request, done)

    def _made(self, request: Request) -> Outcome:
        self.requests.append(request)
        return self.answer(request)

    def forget(self, listener_id: str) -> None:
        self.forgotten.append(listener_id)

    def close(self) -> None:
        self._threads.close()


class HandSender(FakeSender):
    """Makes what it began when the test does."""

    def __init__(self, capacity: int = 128) -> None:
        super().__init__(capacity)
        self.pending: list[Callable[[], None]] = []

    def begin(self, request: Request, done: Done) -> None:
        self.pending.append(lambda: done(self._made(request)))


def status(code: int, retry_after_s: float | None = None) -> Outcome:
    """The outcome of a response."""
    return Outcome(kind="response", status=code, latency_s=0.01, retry_after_s=retry_after_s)


class House:
    """Everything, ready to be driven: emit, change listeners, move the clock, look."""

    def __init__(self, seed: int = 0) -> None:
        self.clock = FakeClock()
        self.broker = MemoryBroker(self.clock)
        self.topology = Topology()
        self.registry = FakeRegistry(self.clock.now)
        self.sender = HandSender()
        self.broker.start()
        declare_all(self.broker, self.topology.house())
        self._rng = random.Random(seed)
        self._start()

    def _start(self) -> None:
        self.pending: list[Callable[[], None]] = []
        self.sender.pending = self.pending
        self.router = Router(self.broker, self.topology, self.registry)
        self.delivery = self.another()
        self.follow()

    def another(self, **options: Any) -> DeliveryConsumer:
        """A delivery process beside the first; it works once its follower has caught up."""
        return DeliveryConsumer(
            self.broker,
            self.topology,
            self.registry,
            self.sender,
            grace_s=0.0,
            rng=self._rng,
            aside=lambda question: question(),
            **options,
        )

    def crash(self, *, finish_requests: bool) -> None:
        """Both processes die and come back; requests under way may have been sent."""
        begun = self.pending
        self.broker.stop()
        if finish_requests:
            for attempt in begun:
                attempt()
        self.broker.start()
        self._start()

    def delay_queues(self) -> list[str]:
        """The delay buckets that were declared so far."""
        names = (self.topology.delay(bucket) for bucket in BUCKETS_MS)
        return [name for name in names if self._exists(name)]

    def _exists(self, queue: str) -> bool:
        try:
            self.broker.ready(queue)
        except QueueMissing:
            return False
        return True

    def add(self, *listeners: Listener) -> None:
        for each in listeners:
            self.registry.put(each)
        self.follow()

    def follow(self) -> None:
        """Let both processes see the registry as it is."""
        self.router.follower.catch_up()
        self.delivery.follower.catch_up()
        self.settle()

    def emit(self, event: Event) -> None:
        message = amqp.encode(event)
        self.publish(message, event.type)

    def publish(self, message: Message, routing_key: str) -> None:
        answers: list[object] = []
        address = Address(self.topology.events, routing_key)
        self.broker.publish(message, address, answers.append)
        self.settle()
        assert answers == [None]

    def advance(self, seconds: float, steps: int = 50) -> None:
        """Let time pass; attempts are made at the end of each step."""
        for _ in range(steps):
            self.broker.advance(seconds / steps)
            self.settle()

    def settle(self) -> None:
        """Run everything that is due, attempts included."""
        self.broker.run()
        while self.pending:
            self.pending.pop(0)()
            self.broker.run()
