"""Hooks as an AsyncAPI document: every reference leads to where it led in the hook's own schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from durian.broker.topology import Topology
from durian.console import exits
from durian.console.asyncapi import document
from durian.console.hooks import schema_document
from durian.registry import HookSpec
from tests.support.commands import CommandLine


class Address(BaseModel):
    street: str


class Person(BaseModel):
    """A person moved."""

    name: str
    at: Address
    friends: list[Person] = []


TREE = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "$id": "https://example.com/tree",
    "type": "object",
    "properties": {
        "left": {"$ref": "#"},
        "right": {"$ref": "#/definitions/a~1b/properties/deep"},
        "again": {"$ref": "#/properties/left"},
        "elsewhere": {"$ref": "https://example.com/other"},
        "default": {"$ref": "#/definitions/a~1b"},
    },
    "default": {"$ref": "#/definitions/untouched"},
    "definitions": {"a/b": {"properties": {"deep": {"type": "string"}, "$ref": {"type": "null"}}}},
}


def described(*hooks: HookSpec, url: str = "") -> dict[str, Any]:
    return document(hooks, Topology(), title="Shop", version="1.2.3", broker_url=url)


def resolved(built: dict[str, Any], reference: str) -> Any:
    found: Any = built
    for step in reference.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def test_an_event_type_is_a_channel_with_a_message() -> None:
    hook = HookSpec(name="order.paid", description="Paid.", example={"order": 17})
    built = described(hook)
    channel = built["channels"]["order.paid"]
    assert channel["address"] == "order.paid"
    assert channel["bindings"]["amqp"]["exchange"]["name"] == "durian.events"
    message = resolved(built, channel["messages"]["order.paid"]["$ref"])
    assert message["description"] == "Paid."
    assert message["examples"] == [{"payload": {"order": 17}}]
    assert "payload" not in message
    operation = built["operations"]["emit-order.paid"]
    assert operation["action"] == "send"
    assert resolved(built, operation["channel"]["$ref"]) is channel
    assert "servers" not in built


def test_a_models_definitions_lie_beside_it() -> None:
    built = described(HookSpec.of(Person, name="person"), HookSpec.of(Address, name="address"))
    payload = resolved(built, built["components"]["messages"]["person"]["payload"]["$ref"])
    properties = resolved(built, payload.get("$ref", "#/components/schemas/person"))["properties"]
    assert resolved(built, properties["at"]["$ref"])["properties"].keys() == {"street"}
    friend = resolved(built, properties["friends"]["items"]["$ref"])
    assert friend["properties"].keys() == {"name", "at", "friends"}
    assert "$defs" not in json.dumps(built)


def test_references_lead_where_they_did_and_literals_stay() -> None:
    built = described(HookSpec(name="tree", schema=TREE))
    schema = built["components"]["schemas"]["tree"]
    properties = schema["properties"]
    assert resolved(built, properties["left"]["$ref"]) is schema
    assert resolved(built, properties["right"]["$ref"]) == {"type": "string"}
    assert resolved(built, properties["again"]["$ref"]) is properties["left"]
    assert properties["elsewhere"] == {"$ref": "https://example.com/other"}
    assert resolved(built, properties["default"]["$ref"])["properties"]["$ref"] == {"type": "null"}
    assert schema["default"] == {"$ref": "#/definitions/untouched"}
    assert not {"$id", "$schema", "definitions"} & schema.keys()


def test_names_that_would_be_one_key_get_two() -> None:
    built = described(HookSpec(name="a:b"), HookSpec(name="a/b"))
    assert built["channels"].keys() == {"a_b", "a_b_2"}
    assert [one["address"] for one in built["channels"].values()] == ["a:b", "a/b"]


def test_servers_are_told_without_their_logins() -> None:
    built = described(url="amqps://u:pw@mq1/shop;amqp://mq2:5673")
    assert built["servers"] == {
        "rabbitmq1": {
            "host": "mq1",
            "protocol": "amqps",
            "protocolVersion": "0-9-1",
            "pathname": "/shop",
        },
        "rabbitmq2": {"host": "mq2:5673", "protocol": "amqp", "protocolVersion": "0-9-1"},
    }


MODULE = '''
from pydantic import BaseModel


class OrderPaid(BaseModel):
    """An order was paid."""

    order: int


number = 7
'''


def test_types_are_published_listed_and_described(run: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "shop_events.py").write_text(MODULE)
    reference = "shop_events:OrderPaid"
    run("hooks", "add", "order.paid", "--model", reference, "--example", '{"order": 17}')
    assert '{"order": 17}' in run("hooks", "list")
    schema = json.loads(run("hooks", "schema", "order.paid"))
    assert (schema["title"], schema["examples"]) == ("OrderPaid", [{"order": 17}])
    assert schema["description"] == "An order was paid."
    built = json.loads(run("hooks", "asyncapi", "--title", "Shop"))
    assert built["info"]["title"] == "Shop"
    assert list(built["channels"]) == ["order.paid"]
    (tmp_path / "empty.json").write_text("{}")
    for arguments, words in (
        (("--model", "shop_events"), "is not MODULE:TYPE"),
        (("--model", "no_such_module:X"), "cannot be imported"),
        (("--model", "shop_events:number"), "is no type"),
        (("--model", reference, "--schema", "empty.json"), "cannot be combined"),
        (("--model", reference, "--example", "{}"), "'order' is a required property"),
    ):
        assert words in run("hooks", "add", "x", *arguments, code=exits.USAGE)


@pytest.mark.parametrize("hook", [HookSpec(name="x"), HookSpec(name="x", schema={})])
def test_a_hook_without_a_schema_has_one_that_allows_everything(hook: HookSpec) -> None:
    assert schema_document(hook).keys() == {"$schema", "title"}
