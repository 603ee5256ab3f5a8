"""JSON values as filters see them: what is missing, what is the same, what an array offers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final


class MissingValue(Enum):
    """The type of `MISSING`: an enumeration of one, so that type checkers can tell it apart."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


#: What a path leads to when nothing is there. Null is there.
MISSING: Final = MissingValue.MISSING


def same(left: Any, right: Any) -> bool:
    """Tell whether two JSON values are equal, strictly.

    Numbers are compared by their exact value (`1` is `1.0`), booleans are no numbers, and strings
    are compared code point by code point.
    """
    kind = type(left)
    if kind is not type(right):
        numbers = kind in (int, float) and type(right) in (int, float)
        return numbers and bool(left == right)
    if kind is list:
        return len(left) == len(right) and all(map(same, left, right))
    if kind is dict:
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    return bool(left == right)


def canonical(value: Any) -> str:
    """Write a JSON value such that two values have the same text just when they are `same`."""
    kind = type(value)
    if kind is str:
        return '"' + value  # type: ignore[no-any-return]  # mypy does not narrow by `kind`
    if kind is int:
        return str(value)
    if kind is float:
        return str(int(value)) if math.isfinite(value) and value.is_integer() else repr(value)
    if kind is list:
        return "[" + ",".join(json.dumps(canonical(item)) for item in value) + "]"
    if kind is dict:
        members = sorted((name, canonical(item)) for name, item in value.items())
        return "{" + ",".join(json.dumps(member) for member in members) + "}"
    return json.dumps(value)


def uncanonical(text: str) -> Any:
    """Read a string, number, boolean or null that `canonical` has written."""
    return text[1:] if text.startswith('"') else json.loads(text)


def candidates(array: list[Any]) -> Iterator[Any]:
    """Offer what a condition on an array may hold for: each element, at any depth, and itself."""
    yield array
    for element in array:
        if type(element) is list:
            yield from candidates(element)
        else:
            yield element


def whole(number: float) -> float:
    """Give an integer for a whole number, so that equal numbers are written alike."""
    return int(number) if type(number) is float and number.is_integer() else number


def is_number(value: Any) -> bool:
    """Tell whether a value is a number; a boolean is none."""
    return type(value) is int or type(value) is float


def is_scalar(value: Any) -> bool:
    """Tell whether a value is there and is neither an array nor an object."""
    return value is not MISSING and type(value) is not list and type(value) is not dict


def read_scalar(text: str) -> Any:
    """Read a JSON scalar (`18`, `true`, `null`, `"18"`); what is none is text, as it is."""
    try:
        value = json.loads(text, parse_constant=lambda name: name)
    except (ValueError, RecursionError):
        return text
    return text if isinstance(value, list | dict) else value
