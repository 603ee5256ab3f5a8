from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, Field

from durian.errors import InvalidHook
from durian.registry import HookSpec
from durian.registry.data_schema import check_data, check_spec


class Customer(BaseModel):
    email: str


class OrderPaid(BaseModel):
    """An order was paid."""

    model_config = {"json_schema_extra": {"examples": [{"no": 1, "total": "1", "customer": None}]}}

    number: int = Field(serialization_alias="no")
    total: Decimal
    customer: Customer | None


@dataclasses.dataclass
class Moved:
    to: str


class Unserialisable(BaseModel):
    model_config = {"arbitrary_types_allowed": True}

    thing: Any = None
    socket: BaseException


def test_a_model_is_the_schema_of_its_events_as_they_are_written() -> None:
    hook = HookSpec.of(OrderPaid, name="order.paid")
    assert hook.description == "An order was paid."
    assert hook.example == {"no": 1, "total": "1", "customer": None}
    check_spec(hook)
    order = OrderPaid(number=17, total=Decimal("9.90"), customer=Customer(email="j@x.example"))
    check_data(hook, order.model_dump(mode="json", by_alias=True))


def test_an_instance_is_an_example() -> None:
    order = OrderPaid(number=17, total=Decimal("9.90"), customer=None)
    hook = HookSpec.of(OrderPaid, name="order.paid", description="Paid.", example=order)
    assert hook.example == {"no": 17, "total": "9.90", "customer": None}
    assert hook.description == "Paid."


def test_a_dataclass_does_as_well() -> None:
    schema = HookSpec.of(Moved, name="x").schema
    assert schema is not None
    assert schema["properties"] == {"to": {"title": "To", "type": "string"}}


def test_a_type_without_a_schema_is_refused_by_name() -> None:
    with pytest.raises(InvalidHook, match="Unserialisable") as caught:
        HookSpec.of(Unserialisable, name="x")
    assert caught.value.field == "schema"


def test_an_example_that_is_no_json_is_refused() -> None:
    with pytest.raises(InvalidHook, match="example"):
        HookSpec.of(Moved, name="x", example=object())
