"""Write conditions in the JSON form, such that reading it gives the same conditions."""

from __future__ import annotations

from typing import Any

from durian.match.condition import Attribute, Condition, Either, Every, Field, Matcher, Nowhere
from durian.match.matchers import Is
from durian.match.path import join_path
from durian.match.reading import WORDS, meant_word
from durian.match.values import is_scalar


def write(condition: Condition, *, root: bool = True) -> dict[str, Any]:
    """Write a condition as a JSON object."""
    match condition:
        case Every(parts):
            return _write_every([write(part, root=root) for part in parts])
        case Either(parts):
            return {"any-of": [_write_value(part, root=root) for part in parts]}
        case Nowhere(part):
            return {"not": _write_value(part, root=root)}
        case Attribute(name, part):
            return {f"@{name}": _write_value(part, root=False)}
        case Field():
            return _write_field(condition, root=root)
        case Matcher():
            return {condition.word: condition.argument()}
    raise TypeError(condition)


def field_path(field: Field) -> tuple[list[str], Condition]:
    """Follow a chain of fields: the names on the way, and what is asked at its end."""
    names = [field.name]
    part = field.part
    while isinstance(part, Field):
        names.append(part.name)
        part = part.part
    return names, part


def _write_every(objects: list[dict[str, Any]]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for each in objects:
        joined |= each
    # Two conditions under one word cannot share an object.
    return joined if len(joined) == sum(map(len, objects)) else {"all-of": objects}


def _write_field(field: Field, *, root: bool) -> dict[str, Any]:
    names, part = field_path(field)
    path = join_path(names)
    if path in WORDS or (path.startswith("@") if root else meant_word(path)):
        path = "\\" + path
    return {path: _write_value(part, root=False)}


def _write_value(condition: Condition, *, root: bool) -> Any:
    if isinstance(condition, Is) and not condition.ignore_case and is_scalar(condition.pattern):
        return condition.pattern
    return write(condition, root=root)
