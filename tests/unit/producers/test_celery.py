from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import celery
import pytest

from durian.errors import BrokerUnavailable
from durian.events import Event
from durian.producers import Producer
from durian.producers.celery import CeleryEvents

SHOP = celery.Celery("shop", set_as_current=False)
SHOP.conf.task_always_eager = True


@SHOP.task(name="shop.pay")  # type: ignore[untyped-decorator]  # Celery ships no types
def pay(order: int, *, total: str = "") -> str:
    if order < 0:
        raise ValueError(f"no order {order}")
    return f"paid {total}"


class Taking(Producer):
    """Takes events, or fails."""

    def __init__(self) -> None:
        super().__init__("amqp://nowhere.example")
        self.emitted: list[Event] = []
        self.away = False

    def emit(self, event: Any, *_: Any, **__: Any) -> Event:
        if self.away:
            raise BrokerUnavailable
        self.emitted.append(event)
        return self.emitted[-1]


@pytest.fixture
def producer() -> Taking:
    return Taking()


@pytest.fixture
def connected(producer: Taking) -> Iterator[CeleryEvents]:
    events = CeleryEvents(producer)
    events.connect()
    yield events
    events.disconnect()


@pytest.mark.usefixtures("connected")
def test_an_outcome_is_an_event_without_what_the_task_was_given(producer: Taking) -> None:
    good = pay.delay(17, total="9.90")
    bad = pay.delay(-1)
    assert (good.get(), bad.state) == ("paid 9.90", "FAILURE")
    succeeded, failed = producer.emitted
    assert (succeeded.type, succeeded.id) == ("celery.task.succeeded", f"{good.id}-succeeded")
    assert (succeeded.source, succeeded.subject) == ("/celery", "shop.pay")
    assert succeeded.data == {"task": "shop.pay", "task_id": good.id, "retries": 0}
    assert failed.type == "celery.task.failed"
    assert failed.data["error"] == {"type": "ValueError", "message": "no order -1"}


def test_arguments_and_results_are_sent_when_asked_for(producer: Taking) -> None:
    events = CeleryEvents(producer, details=["args", "result"], source="/shop")
    events.connect()
    pay.delay(17, total="9.90")
    events.disconnect()
    pay.delay(18)
    (event,) = producer.emitted
    assert event.source == "/shop"
    assert event.data["args"] == [17]
    assert event.data["kwargs"] == {"total": "9.90"}
    assert event.data["result"] == "paid 9.90"


def test_tasks_that_are_not_wanted_are_left_out(producer: Taking) -> None:
    events = CeleryEvents(producer, wanted=lambda name: name.startswith("mail."))
    events.connect()
    pay.delay(17)
    events.disconnect()
    assert producer.emitted == []


@pytest.mark.usefixtures("connected")
def test_a_broker_that_is_away_changes_nothing_for_the_task(
    producer: Taking, caplog: pytest.LogCaptureFixture
) -> None:
    producer.away = True
    done = pay.delay(17)
    assert done.get() == "paid "
    assert f"celery.outcome_lost task={done.id} error=" in caplog.text
