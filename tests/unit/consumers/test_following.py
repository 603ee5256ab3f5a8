"""What the registry says of a listener, and at which moment: no lane is stuck, none runs on."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from durian.broker.memory import MemoryBroker
from durian.broker.port import Address
from durian.broker.topology import Topology
from durian.consumers import DeliveryConsumer
from durian.consumers.registry_thread import PATIENCE_S
from durian.errors import NotFound, RegistryError, RegistryUnavailable
from durian.events import Event, amqp
from durian.registry import ListenerSecret, Policy
from tests.support.whole import FakeRegistry, FakeSender, House, listener, status

SecretsOf = Callable[[str, float], list[ListenerSecret]]


@pytest.fixture
def house() -> House:
    house = House()
    house.add(listener("joe"))
    return house


def deliver(house: House, number: int) -> None:
    """Put a delivery into the queue of joe, as the router does."""
    message = amqp.encode(Event(id=str(number), type="person", data=number))
    house.broker.publish(message, Address(house.topology.deliver, "joe"), _taken)
    house.settle()


def _taken(error: object) -> None:
    assert error is None


def sent(house: House) -> list[str]:
    return [request.headers["ce-id"] for request in house.sender.requests]


def fail_for(house: House, name: str, *errors: Exception) -> SecretsOf:
    """Let reading the secrets of one listener fail, once by each error."""
    left, secrets_of = list(errors), house.registry.secrets_of

    def failing(listener_id: str, now: float) -> list[ListenerSecret]:
        if listener_id == name and left:
            raise left.pop(0)
        return secrets_of(listener_id, now)

    return failing


@pytest.mark.parametrize("error", [RegistryError("No key opens it."), ZeroDivisionError()])
def test_a_listener_whose_keys_could_not_be_read_is_tried_again(
    house: House, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.registry, "secrets_of", fail_for(house, "late", error))
    house.add(listener("late"), listener("zoe"))
    house.follow()
    house.emit(Event(id="1", type="person", data={}))
    receivers = {request.listener_id for request in house.sender.requests}
    assert receivers == {"joe", "late", "zoe"}


def test_why_a_listener_rests_is_said_once(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    errors = [RegistryError("No key opens it.")] * 3
    monkeypatch.setattr(house.registry, "secrets_of", fail_for(house, "late", *errors))
    house.add(listener("late"))
    house.follow()
    house.follow()
    assert caplog.text.count("delivery.listener_unusable listener=late") == 1


def test_a_registry_that_fails_between_two_listeners_costs_neither(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = RegistryUnavailable()
    monkeypatch.setattr(house.registry, "secrets_of", fail_for(house, "b", error))
    for name in ("a", "b"):
        house.registry.put(listener(name))
    house.router.follower.catch_up()
    with pytest.raises(RegistryUnavailable):
        house.delivery.follower.catch_up()
    house.follow()
    house.emit(Event(id="1", type="person", data={}))
    assert sorted(request.listener_id for request in house.sender.requests) == ["a", "b", "joe"]


def test_a_listener_that_is_removed_while_it_is_read_is_forgotten(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.registry, "secrets_of", fail_for(house, "brief", NotFound()))
    house.add(listener("brief"))
    house.registry.remove("brief")
    house.follow()
    house.add(listener("zoe"))
    house.emit(Event(id="1", type="person", data={}))
    assert sorted(request.listener_id for request in house.sender.requests) == ["joe", "zoe"]


def test_what_is_routed_to_a_listener_whose_policy_cannot_be_read_rests(house: House) -> None:
    house.registry.unreadable.add("joe")
    house.add(listener("joe"), listener("zoe"))
    house.emit(Event(id="1", type="person", data={}))
    assert [request.listener_id for request in house.sender.requests] == ["zoe"]
    assert house.broker.ready(house.topology.listener_queue("joe")) == 1
    house.registry.unreadable.clear()
    house.add(listener("joe"))
    assert [request.listener_id for request in house.sender.requests] == ["zoe", "joe"]


def test_a_lane_that_somebody_disabled_stays_so_when_our_own_disabling_fails(
    house: House,
) -> None:
    """It answers 410, the registry does not answer us, and its owner disables it meanwhile."""
    house.sender.answer = lambda _request: status(410)
    house.delivery._commons.registry._submit = lambda _question: None
    deliver(house, 1)
    house.add(listener("joe", enabled=False))
    house.advance(PATIENCE_S, steps=1)
    deliver(house, 2)
    assert sent(house) == ["1"]


def test_a_lane_goes_on_when_it_could_not_be_disabled(house: House) -> None:
    house.sender.answer = lambda _request: status(410)
    house.registry.away = True
    deliver(house, 1)
    deliver(house, 2)
    assert sent(house) == ["1", "2"]


def test_a_listener_that_came_back_ordered_gets_its_events_in_order(house: House) -> None:
    """This process heard of neither its going nor its coming, only that it is another one now."""
    house.registry.remove("joe")
    house.broker.delete_queue(house.topology.listener_queue("joe"), _taken)
    house.add(listener("joe", policy=Policy(schedule_s=(0, 30), jitter=0, ordered=True)))
    house.advance(6, steps=2)
    answers = [status(500), status(200), status(200)]
    house.sender.answer = lambda _request: answers.pop(0)
    deliver(house, 1)
    deliver(house, 2)
    house.advance(40)
    assert sent(house) == ["1", "1", "2"]


def test_a_stop_without_patience_begins_nothing_more_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker, topology = MemoryBroker(), Topology()
    broker.start()
    delivery = DeliveryConsumer(broker, topology, FakeRegistry(), FakeSender(), grace_s=0.0)
    delivery.start()
    assert delivery.wait_ready(30)
    busy, stopping = threading.Event(), threading.Event()
    paused_first: list[bool] = []

    def wait_none(_timeout_s: float) -> bool:
        paused_first.append(delivery._stopping)
        return True

    monkeypatch.setattr(delivery._open, "wait_none", wait_none)
    monkeypatch.setattr(delivery.follower, "stop", stopping.set)
    broker.call(lambda: _wait_for(busy))
    thread = threading.Thread(target=delivery.stop)
    thread.start()
    assert stopping.wait(30)
    busy.set()
    thread.join(30)
    assert paused_first == [True]
    broker.stop()


def _wait_for(event: threading.Event) -> None:
    assert event.wait(30)
