"""Settling when a shared queue is another one: the delivery goes where nothing is lost."""

from __future__ import annotations

import pytest

from durian.broker.blocking import declare_all
from durian.broker.parts import Binding, Exchange, Queue
from durian.broker.topology import BUCKETS_MS
from durian.events import Event
from tests.support.whole import House, listener, status

JOE = Event(id="1", source="/shop", type="person", data={"name": "Joe"})

#: Around the half minute that the first retry waits.
NEIGHBOURS = [bucket for bucket in BUCKETS_MS if 25_000 < bucket < 40_000]


@pytest.fixture
def house() -> House:
    house = House()
    house.add(listener("joe"))
    return house


def spoil(house: House, name: str) -> None:
    """Declare a queue by hand, with other arguments than Durian gives it."""
    declare_all(house.broker, [Queue(name, {"x-queue-type": "classic"})])


def test_a_retry_waits_in_a_longer_bucket_when_its_own_is_another_queue(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(NEIGHBOURS) == 2
    for bucket in NEIGHBOURS:
        name = house.topology.delay(bucket)
        spoil(house, name)
        declare_all(house.broker, [Exchange(name, "fanout"), Binding(name, name, "")])
    answers = [status(500), status(200)]
    house.sender.answer = lambda _request: answers.pop(0)
    house.emit(JOE)
    longer = next(bucket for bucket in BUCKETS_MS if bucket > NEIGHBOURS[1])
    assert house.broker.ready(house.topology.delay(longer)) == 1
    house.advance(60)
    assert len(house.sender.requests) == 2
    assert "delivery.queue_unusable exchange=durian.delay." in caplog.text


def test_a_dead_letter_goes_into_a_bound_queue_whatever_its_arguments(house: House) -> None:
    name = house.topology.dead_queue("joe")
    spoil(house, name)
    declare_all(house.broker, [Binding(house.topology.dead, name, "joe")])
    house.sender.answer = lambda _request: status(410)
    house.emit(JOE)
    assert house.broker.ready(name) == 1
    assert house.broker.unsettled(house.topology.listener_queue("joe")) == 0


def test_a_dead_letter_without_a_queue_of_its_own_is_an_orphan(house: House) -> None:
    spoil(house, house.topology.dead_queue("joe"))
    house.sender.answer = lambda _request: status(410)
    house.emit(JOE)
    [orphan] = house.broker.messages(house.topology.orphans)
    assert orphan.headers["durian-reason"] == "410 Gone"
    assert house.broker.unsettled(house.topology.listener_queue("joe")) == 0
