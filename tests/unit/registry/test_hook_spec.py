from __future__ import annotations

import math
import sys
from typing import Any

import pytest

from durian.errors import InvalidEvent, InvalidHook, MissingExtra
from durian.registry import HookSpec
from durian.registry.data_schema import check_data, check_spec

#: A schema that any other may refer to, and that nobody must fetch.
ELSEWHERE = "http://127.0.0.1:1/schema.json"

PERSON = HookSpec(
    name="person",
    schema={
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}},
        },
        "$defs": {"tag": {"type": "string", "maxLength": 3}},
    },
)


def nested(levels: int) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for _ in range(levels):
        data = {"a": data}
    return data


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a" * 256}, "name"),
        ({"name": "\u00e4" * 128}, "name"),
        ({"name": "a b"}, "name"),
        ({"name": "a\n"}, "name"),
        ({"name": "order.*"}, "name"),
        ({"name": "#"}, "name"),
        ({"description": "a\x00"}, "description"),
        ({"schema": [1]}, "schema"),
        ({"schema": {"const": math.nan}}, "schema"),
        ({"schema": {"const": {1, 2}}}, "schema"),
        ({"example": math.inf}, "example"),
    ],
)
def test_what_cannot_be_a_hook_is_refused(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidHook) as caught:
        HookSpec(**{"name": "person"} | fields)

    assert caught.value.field == field


def test_an_example_nested_without_measure_is_refused() -> None:
    with pytest.raises(InvalidHook, match="example"):
        HookSpec(name="person", example=nested(100_000))


def test_a_hook_keeps_its_schema_when_the_original_changes() -> None:
    schema: dict[str, Any] = {"type": "object"}
    spec = HookSpec(name="person", schema=schema)
    schema["type"] = "string"

    assert spec.schema == {"type": "object"}


@pytest.mark.parametrize("data", [{"name": "Joe"}, {"name": "", "tags": ["a", "abc"], "more": 1}])
def test_data_as_promised_passes(data: object) -> None:
    check_data(PERSON, data)


@pytest.mark.parametrize(
    ("data", "field", "reason"),
    [
        ({}, "data", "'name' is a required property"),
        (None, "data", "None is not of type 'object'"),
        ({"name": 5}, "data.name", "5 is not of type 'string'"),
        ({"name": "Joe", "tags": ["a", "long"]}, "data.tags.1", "'long' is too long"),
    ],
)
def test_data_that_breaks_the_promise_is_told_by_its_path(
    data: object, field: str, reason: str
) -> None:
    with pytest.raises(InvalidEvent, match="See the hook person") as caught:
        check_data(PERSON, data)

    assert caught.value.field == field
    assert caught.value.reason == reason


def test_a_reason_does_not_repeat_a_large_value() -> None:
    with pytest.raises(InvalidEvent) as caught:
        check_data(PERSON, {"name": ["x"] * 100_000})

    assert len(caught.value.reason) < 300


@pytest.mark.parametrize("data", [None, 1, {"any": "thing"}])
def test_without_a_schema_any_data_passes(data: object) -> None:
    check_data(HookSpec(name="person"), data)


@pytest.mark.parametrize(
    ("schema", "field"),
    [
        ({"type": "objct"}, "schema.type"),
        ({"properties": {"name": {"minLength": -1}}}, "schema.properties.name.minLength"),
        ({"pattern": "("}, "schema.pattern"),
        ({"$ref": 5}, "schema.$ref"),
        ({"$ref": "#/$defs/none"}, "schema"),
        ({"$ref": ELSEWHERE}, "schema"),
        ({"properties": {"a": {"items": {"$ref": ELSEWHERE}}}}, "schema"),
        ({"$dynamicRef": "#none"}, "schema"),
        ({"$ref": "#"}, "schema"),
        ({"$schema": "http://json-schema.org/draft-99/schema#"}, "schema.$schema"),
        ({"$schema": 7}, "schema.$schema"),
        ({"$schema": "http://["}, "schema"),
    ],
    ids=str,
)
def test_a_schema_that_cannot_be_used_is_refused(schema: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidHook) as caught:
        check_spec(HookSpec(name="person", schema=schema))

    assert caught.value.field == field


@pytest.mark.parametrize(
    "draft",
    [
        "http://json-schema.org/draft-04/schema#",
        "http://json-schema.org/draft-07/schema",
        "https://json-schema.org/draft/2020-12/schema",
    ],
)
def test_older_drafts_serve(draft: str) -> None:
    spec = HookSpec(
        name="person",
        schema={
            "$schema": draft,
            "definitions": {"tag": {"type": "string"}},
            "items": {"$ref": "#/definitions/tag"},
        },
    )

    check_spec(spec)
    with pytest.raises(InvalidEvent) as caught:
        check_data(spec, ["a", 1])
    assert caught.value.field == "data.1"


def test_a_reference_that_is_data_is_none() -> None:
    check_spec(HookSpec(name="person", schema={"const": {"$ref": ELSEWHERE}}))


def test_an_example_has_to_fit() -> None:
    with pytest.raises(InvalidHook) as caught:
        check_spec(HookSpec(name="person", schema=PERSON.schema, example={"name": 1}))

    assert caught.value.field == "example.name"


def test_a_schema_may_refer_to_itself_and_deep_data_is_refused() -> None:
    spec = HookSpec(name="tree", schema={"type": "object", "properties": {"a": {"$ref": "#"}}})

    check_spec(spec)
    check_data(spec, nested(10))
    with pytest.raises(InvalidEvent) as caught:
        check_data(spec, nested(5000))
    assert caught.value.field == "data"


def test_schemas_that_are_booleans_serve() -> None:
    spec = HookSpec(name="person", schema={"properties": {"secret": False, "name": True}})

    check_spec(spec)
    check_data(spec, {"name": 1})
    with pytest.raises(InvalidEvent, match="does not allow 2"):
        check_data(spec, {"name": 1, "secret": 2})


def test_without_jsonschema_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)

    with pytest.raises(MissingExtra, match=r"durian\[router\]"):
        check_data(HookSpec(name="never-seen", schema={"title": "never seen"}), {})
