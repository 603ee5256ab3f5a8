"""The fields of an event's data, as its hook's schema or its example names them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from durian.match.path import join_path
from durian.match.reading import WORDS

#: Fields that are shown, and how deep they lie at most: more would be read by nobody.
MOST: Final = 60
_DEEPEST: Final = 6

#: What JSON calls the types of Python's values.
_TYPES: Final = {bool: "boolean", int: "integer", float: "number", str: "string"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaField:
    """A field that conditions can be about."""

    #: As a filter writes it: `customer.email`.
    path: str
    #: `string`, `number`, `integer`, `boolean`; empty when it may be anything.
    kind: str = ""
    #: What a string is: `date-time`, `email`.
    format: str = ""
    #: The only values that it has, if the schema says so.
    choices: tuple[Any, ...] = ()
    description: str = ""
    required: bool = False


def fields_of(schema: Mapping[str, Any] | None, example: Any = None) -> list[SchemaField]:
    """Return the fields of a schema, else those of an example: the outer ones before the inner."""
    found = list(_of_schema(schema or {}, schema or {}, (), 0)) or list(_of_example(example, (), 0))
    first: dict[str, SchemaField] = {}
    for field in found:
        first.setdefault(field.path, field)
    return list(first.values())[:MOST]


def _of_schema(
    root: Mapping[str, Any], schema: Mapping[str, Any], path: tuple[str, ...], depth: int
) -> Iterator[SchemaField]:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or depth > _DEEPEST:
        return
    required = schema.get("required", ())
    inner: list[tuple[Mapping[str, Any], tuple[str, ...]]] = []
    for name, given in properties.items():
        if not name:
            continue
        part = _resolved(root, given)
        here = (*path, name)
        if "properties" in part:
            inner.append((part, here))
        else:
            yield _field(here, part, required=name in required)
    for part, here in inner:
        yield from _of_schema(root, part, here, depth + 1)


def _field(path: tuple[str, ...], schema: Mapping[str, Any], *, required: bool) -> SchemaField:
    kind = schema.get("type", "")
    choices = schema.get("enum", ())
    return SchemaField(
        path=_written(path),
        kind=kind if isinstance(kind, str) and kind in _TYPES.values() else "",
        format=str(schema.get("format", "")),
        choices=tuple(choices) if isinstance(choices, list) else (),
        description=str(schema.get("description", "")),
        required=required,
    )


def _resolved(root: Mapping[str, Any], given: Any) -> Mapping[str, Any]:
    """Follow references, the one choice besides null, and arrays, of whose elements is asked."""
    for _ in range(_DEEPEST * 2):
        if not isinstance(given, Mapping):
            return {}
        if isinstance(given.get("$ref"), str):
            given = _referred(root, given["$ref"])
            continue
        choices = [one for one in given.get("anyOf", ()) if one != {"type": "null"}]
        if len(choices) == 1:
            given = choices[0]
        elif isinstance(given.get("items"), Mapping):
            given = given["items"]
        else:
            return given
    return {}


def _referred(root: Mapping[str, Any], reference: str) -> Any:
    found: Any = root
    for step in reference.removeprefix("#/").split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _of_example(example: Any, path: tuple[str, ...], depth: int) -> Iterator[SchemaField]:
    while isinstance(example, list):
        example = example[0] if example else None
    if not isinstance(example, Mapping) or depth > _DEEPEST:
        return
    for name, value in example.items():
        if not name:
            continue
        here = (*path, name)
        if isinstance(value, Mapping | list):
            yield from _of_example(value, here, depth + 1)
        else:
            yield SchemaField(path=_written(here), kind=_TYPES.get(type(value), ""))


def _written(path: tuple[str, ...]) -> str:
    """A path as a filter writes it: one that reads as a word has a backslash in front."""
    text = join_path(path)
    return f"\\{text}" if text in WORDS or text.startswith("@") else text
