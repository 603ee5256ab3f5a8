"""What a whole Durian tells Prometheus of its work."""

from __future__ import annotations

import re
from functools import partial

import pytest
from prometheus_client.parser import text_string_to_metric_families

from durian.console.metrics import Exposition, sources
from durian.console.metrics.catalogue import METRICS, Reading, Readings
from durian.events import Event
from durian.events.message import Message
from durian.measures import OTHER
from durian.router.measures import MOST_TYPES
from tests.support.whole import House, listener, status


def scrape(*read: partial[Readings]) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every number by its name and the values of its labels, in the order of their names."""
    _, text = Exposition(*read).render("text/plain")
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def of(house: House) -> dict[tuple[str, tuple[str, ...]], float]:
    return scrape(
        partial(sources.of_process, "test"),
        partial(sources.of_broker, house.broker),
        partial(sources.of_router, house.router),
        partial(sources.of_delivery, house.delivery),
    )


@pytest.fixture
def house() -> House:
    return House()


def test_events_and_their_deliveries_are_counted(house: House) -> None:
    house.add(listener("a", "person"), listener("b", "person"))
    house.emit(Event(type="person", data={}))
    house.emit(Event(type="nobody", data={}))
    house.publish(Message(body=b"{", content_type="application/cloudevents+json"), "odd")
    told = of(house)
    assert told["durian_router_events_total", ("person",)] == 1
    assert told["durian_router_events_total", ("nobody",)] == 1
    assert told["durian_router_deliveries_total", ()] == 2
    assert told["durian_router_unmatched_total", ()] == 1
    assert told["durian_router_invalid_total", ()] == 1
    assert told["durian_router_open_events", ()] == 0
    assert told["durian_router_seconds_count", ()] == 3


def test_event_types_that_producers_make_up_are_capped(house: House) -> None:
    for number in range(MOST_TYPES + 5):
        house.emit(Event(type=f"made.up.{number}", data={}))
    told = of(house)
    assert told["durian_router_events_total", (OTHER,)] == 5
    assert len([name for name, _ in told if name == "durian_router_events_total"]) == MOST_TYPES + 1


def test_attempts_are_counted_by_what_became_of_them(house: House) -> None:
    house.add(listener("a"))
    house.sender.answer = lambda _: status(503 if len(house.sender.requests) == 1 else 200)
    house.emit(Event(type="person", data={}))
    house.advance(60)
    told = of(house)
    assert told["durian_attempts_total", ("response", "retry", "5xx")] == 1
    assert told["durian_attempts_total", ("response", "delivered", "2xx")] == 1
    assert told["durian_attempt_seconds_count", ()] == 2
    assert told["durian_attempt_seconds_sum", ()] == pytest.approx(0.02)


def test_how_long_an_event_took_is_told_of_first_attempts_that_succeed(house: House) -> None:
    house.add(listener("a"))
    house.emit(Event(type="person", data={}))
    assert of(house)["durian_delivery_seconds_count", ()] == 1
    house.sender.answer = lambda _: status(503)
    house.emit(Event(type="person", data={}))
    house.sender.answer = lambda _: status(200)
    house.advance(60)
    assert of(house)["durian_attempts_total", ("response", "delivered", "2xx")] == 2
    assert of(house)["durian_delivery_seconds_count", ()] == 1


def test_a_breaker_that_opens_is_told_of_as_a_state(house: House) -> None:
    house.add(listener("good"), listener("bad"), listener("off", enabled=False))
    house.sender.answer = lambda request: status(500 if request.listener_id == "bad" else 200)
    for _ in range(10):
        house.emit(Event(type="person", data={}))
    told = of(house)
    states = {labels[0]: told[name, labels] for name, labels in told if name == "durian_listeners"}
    assert states == {"delivering": 1, "failing": 1, "probing": 0, "resting": 1}


def test_what_is_under_way_is_told(house: House) -> None:
    house.add(listener("a"))
    begun = house.sender.pending
    house.sender.pending = []
    house.emit(Event(type="person", data={}))
    told = of(house)
    assert told["durian_attempts_running", ()] == 1
    assert told["durian_attempts_capacity", ()] == house.sender.capacity
    house.sender.pending[0]()
    house.sender.pending = begun
    house.settle()
    assert of(house)["durian_attempts_running", ()] == 0


def test_the_broker_is_told_of(house: House) -> None:
    told = of(house)
    assert told["durian_broker_connected", ()] == 1
    assert told["durian_broker_unconfirmed_messages", ()] == 0
    with house.broker.alarm():
        assert of(house)["durian_broker_blocked", ()] == 1
    house.broker.lose()
    assert of(house)["durian_broker_reconnects_total", ()] == 1


def test_what_anybody_may_write_as_a_type_cannot_break_the_format() -> None:
    types = next(metric for metric in METRICS if metric.name == "durian_router_events_total")
    odd = 'a"b\\c\nd'
    told = scrape(partial(iter, [Reading(types, 3, (odd,))]))
    assert told["durian_router_events_total", (odd,)] == 3


def test_names_and_labels_are_what_prometheus_wants() -> None:
    for metric in METRICS:
        assert re.fullmatch(r"durian_[a-z]+(_[a-z]+)*", metric.name), metric
        assert (metric.kind == "counter") == metric.name.endswith("_total"), metric
        assert metric.meaning.endswith("."), metric
        assert all(re.fullmatch(r"[a-z]+", label) for label in metric.labels), metric
    names = [metric.name for metric in METRICS]
    assert sorted(set(names)) == sorted(names)
