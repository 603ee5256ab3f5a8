from __future__ import annotations

import dataclasses
from datetime import datetime
from decimal import Decimal

import pytest
from pydantic import BaseModel

from durian.errors import InvalidEvent
from durian.events import Event
from durian.producers import Producer
from durian.producers.check import checking
from durian.registry import HookSpec
from tests.support.links import FakeLink


class OrderPaid(BaseModel):
    order: int
    total: Decimal
    paid_at: datetime | None = None


@dataclasses.dataclass
class Moved:
    to: str


CHECK = checking(
    {
        "order.paid": OrderPaid,
        "moved": Moved,
        "person": HookSpec(name="person", schema={"required": ["name"]}),
    }
)


@pytest.mark.parametrize(
    ("event_type", "data"),
    [
        ("order.paid", {"order": 17, "total": "9.90"}),
        ("order.paid", OrderPaid(order=17, total=Decimal("9.90"), paid_at=datetime(2026, 1, 1))),  # noqa: DTZ001 - the model allows it
        ("moved", {"to": "Oslo"}),
        ("person", {"name": "Joe"}),
        ("another", {"anything": True}),
        ("another", None),
    ],
)
def test_data_of_the_type_pass(event_type: str, data: object) -> None:
    CHECK(Event(type=event_type, data=data))


@pytest.mark.parametrize(
    ("event_type", "data", "field"),
    [
        ("order.paid", {"order": 17}, "data.total"),
        ("order.paid", {"order": "17", "total": "9.90"}, "data.order"),
        ("order.paid", {"order": 17, "total": "many"}, "data.total"),
        ("order.paid", None, "data"),
        ("moved", {"to": 7}, "data.to"),
        ("person", {}, "data"),
    ],
)
def test_other_data_are_refused_by_the_path_of_what_is_wrong(
    event_type: str, data: object, field: str
) -> None:
    with pytest.raises(InvalidEvent) as caught:
        CHECK(Event(type=event_type, data=data))
    assert caught.value.field == field


def test_a_producer_takes_models(links: list[FakeLink]) -> None:
    links.append(FakeLink())
    with Producer("amqp://x", hooks={"order.paid": OrderPaid}) as producer:
        producer.emit("order.paid", OrderPaid(order=17, total=Decimal(1)))
        with pytest.raises(InvalidEvent, match=r"Events of type order\.paid hold a OrderPaid"):
            producer.emit("order.paid", {"total": "1"})
    assert len(links[0].published) == 1
