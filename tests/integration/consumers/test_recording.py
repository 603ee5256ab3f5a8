"""Every attempt is in the registry in the end, and deliveries never know what that took."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from durian.broker.blocking import count, declare_all, publish_all
from durian.broker.port import Address, Broker
from durian.broker.topology import Topology
from durian.consumers import BreakerRules, DeliveryConsumer, Recorder
from durian.consumers.sender.port import Outcome
from durian.events import Event, amqp
from durian.events.message import Message
from durian.registry.attempt import Attempt
from durian.registry.sql import database as database_module
from durian.registry.store import Store, upgrade
from tests.support.broker import eventually
from tests.support.postgres import PrivateServer
from tests.support.registry import make_registry
from tests.support.whole import FakeRegistry, FakeSender, listener, status

NAMES = Topology()

#: Seconds that deliveries may take, whatever happens to the database.
SOON_S = 20.0


class Scene:
    """Deliveries to joe on a broker; recorders come and go."""

    def __init__(self, broker: Broker, stack: ExitStack) -> None:
        self.broker = broker
        self.sender = FakeSender(capacity=16)
        self._stack = stack
        registry = FakeRegistry()
        registry.put(listener("joe"))
        # Every attempt is to be made, also of a listener that fails.
        patient = BreakerRules(failures=1_000_000)
        delivery = DeliveryConsumer(broker, NAMES, registry, self.sender, rules=patient)
        stack.callback(delivery.stop)
        delivery.start()
        assert delivery.wait_ready(SOON_S)
        declare_all(broker, NAMES.listener("joe"))
        self._emitted = 0

    def record(self, store: Store) -> Recorder:
        """Start a recorder."""
        recorder = Recorder(self.broker, NAMES, store)
        self._stack.callback(recorder.stop)
        recorder.start()
        return recorder

    def deliver(self, number: int) -> None:
        """Put deliveries into joe's queue, and wait until each was attempted."""
        to = Address(NAMES.deliver, "joe")
        first, self._emitted = self._emitted, self._emitted + number
        publish_all(
            self.broker,
            [
                (amqp.encode(Event(id=str(n), type="person", data=n)), to)
                for n in range(first, self._emitted)
            ],
        )
        eventually(lambda: len(self.sender.requests) >= self._emitted, SOON_S)

    def sent(self) -> set[str]:
        """The delivery of every request that was made."""
        return {request.headers["webhook-id"] for request in self.sender.requests}

    def waiting(self) -> int:
        """Records that wait for a recorder."""
        return count(self.broker, NAMES.attempts)


@pytest.fixture
def scene(broker: Broker) -> Iterator[Scene]:
    with ExitStack() as stack:
        yield Scene(broker, stack)


# Asked for before the scene: recorders stop before their store is closed.
@pytest.fixture
def store(registry_url: str) -> Iterator[Store]:
    make_registry(registry_url)
    with Store.open(registry_url) as opened:
        yield opened


def recorded(store: Store) -> list[Attempt]:
    """All records that there are."""
    found: list[Attempt] = []
    page = store.list_attempts(limit=1000)
    found += page.attempts
    while page.next is not None:
        page = store.list_attempts(limit=1000, after=page.next)
        found += page.attempts
    return found


def test_every_attempt_is_recorded_once(store: Store, scene: Scene) -> None:
    recorder = scene.record(store)
    scene.deliver(300)
    eventually(lambda: recorder.counts.recorded == 300, SOON_S)

    found = recorded(store)
    assert len(found) == 300
    assert {one.webhook_id for one in found} == scene.sent()
    assert {(one.listener_id, one.result, one.status) for one in found} == {
        ("joe", "delivered", 200)
    }
    eventually(lambda: scene.waiting() == 0, SOON_S)


def test_a_recorder_that_comes_late_finds_everything(store: Store, scene: Scene) -> None:
    scene.sender.answer = lambda _request: status(503)
    scene.deliver(50)
    scene.record(store)
    eventually(lambda: len(recorded(store)) == 50, SOON_S)

    assert {one.result for one in recorded(store)} == {"retry"}


def test_recorders_that_stop_in_the_middle_lose_nothing(store: Store, scene: Scene) -> None:
    for _ in range(3):
        recorder = scene.record(store)
        scene.deliver(100)
        recorder.stop()
    scene.record(store)
    eventually(lambda: len(recorded(store)) >= 300, SOON_S)

    assert len(recorded(store)) == 300
    assert {one.webhook_id for one in recorded(store)} == scene.sent()


@pytest.mark.postgres
def test_a_database_that_stops_under_it_delays_records_and_nothing_else(
    scene: Scene, mortal_postgres: PrivateServer
) -> None:
    name = mortal_postgres.add_database()
    url = mortal_postgres.database_url(name)
    upgrade(url)
    with Store.open(url) as store:
        recorder = scene.record(store)
        scene.deliver(100)
        for _ in range(2):
            stop = threading.Thread(target=mortal_postgres.stop)
            stop.start()
            # Some of these are written, some are under way, and some find no database.
            scene.deliver(200)
            stop.join()
            began = time.monotonic()
            scene.deliver(200)
            took_s = time.monotonic() - began
            assert took_s < SOON_S, "deliveries waited for the database"
            mortal_postgres.start()
        scene.deliver(100)
        eventually(lambda: len(recorded(store)) >= 1000, 90)

        found = recorded(store)
        assert len(found) == 1000
        assert {one.webhook_id for one in found} == scene.sent()
        assert recorder.counts.refused == 0
        recorder.stop()
    mortal_postgres.drop_database(name)


def test_a_database_that_somebody_holds_delays_records_and_nothing_else(
    scene: Scene, registry_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "LOCK_TIMEOUT_S", 1)
    make_registry(registry_url)
    with Store.open(registry_url) as store:
        recorder = scene.record(store)
        scene.deliver(50)
        with held(registry_url, store):
            scene.deliver(200)
            eventually(lambda: recorder._failures > 1, SOON_S)
            scene.deliver(50)
        eventually(lambda: len(recorded(store)) >= 300, 60)

        assert len(recorded(store)) == 300
        recorder.stop()


def held(url: str, store: Store) -> ExitStack:
    """Keep everybody from writing the attempt log, until the end of the block."""
    stack = ExitStack()
    if url.startswith("sqlite"):
        raw = stack.enter_context(closing(sqlite3.connect(url.removeprefix("sqlite:///"))))
        raw.execute("BEGIN IMMEDIATE")
    else:
        connection = stack.enter_context(store._database.locked())
        connection.exec_driver_sql("LOCK TABLE durian_attempts IN ACCESS EXCLUSIVE MODE")
    return stack


def test_poison_among_the_records_stops_nobody(store: Store, scene: Scene) -> None:
    """What a receiver answers, and what anybody else publishes there."""
    scene.sender.answer = lambda _request: Outcome(
        kind="response", status=200, latency_s=0.01, response_body=b"\x00\xff\x1b[2J\xed\xa0\x80"
    )
    to = Address(NAMES.attempts, "joe.delivered")
    junk = [b"", b"{}", b"\x00\xff", b'{"webhook_id": 1}']
    publish_all(scene.broker, [(Message(body=body), to) for body in junk])
    scene.deliver(20)
    recorder = scene.record(store)
    eventually(lambda: len(recorded(store)) == 20, SOON_S)

    assert recorder.counts.refused == len(junk)
    eventually(lambda: count(scene.broker, NAMES.invalid) == len(junk), SOON_S)
