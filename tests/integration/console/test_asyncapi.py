"""The document of all hooks is one, by the schema of the AsyncAPI initiative itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft7Validator
from pydantic import BaseModel

from durian.broker.topology import Topology
from durian.console.asyncapi import VERSION, document
from durian.registry import HookSpec
from tests.support.downloads import npm_package


class Line(BaseModel):
    sku: str
    count: int


class OrderPaid(BaseModel):
    """An order was paid."""

    order: int
    lines: list[Line]


@pytest.fixture(scope="module")
def official() -> Draft7Validator:
    """What AsyncAPI publishes to validate documents with."""
    package = npm_package("@asyncapi/specs", "6.11.1")
    schema = json.loads((package / "schemas" / f"{VERSION}.json").read_text(encoding="utf-8"))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def built(*hooks: HookSpec) -> dict[str, Any]:
    url = "amqps://user:pw@mq.example:5671/shop"
    return document(hooks, Topology(), title="Shop", version="1.0.0", broker_url=url)


def test_the_document_is_valid(official: Draft7Validator) -> None:
    example = {"order": 17, "lines": [{"sku": "x", "count": 1}]}
    hooks = (
        HookSpec.of(OrderPaid, name="order.paid", example=example),
        HookSpec(name="com.example/ping:1", description="Nothing but that."),
        HookSpec(name="person", schema={"$defs": {"a": {"type": "string"}}, "type": "object"}),
    )
    given = json.loads(json.dumps(built(*hooks)))
    assert [error.message for error in official.iter_errors(given)] == []


def test_the_schema_tells_what_is_none(official: Draft7Validator) -> None:
    given = built(HookSpec(name="order.paid"))
    del given["channels"]["order.paid"]["messages"]["order.paid"]["$ref"]
    given["operations"]["emit-order.paid"]["action"] = "shout"
    assert not official.is_valid(given)
