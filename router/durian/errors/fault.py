"""What pydantic finds wrong, in Durian's words: a field, and one plain reason."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError

_WHOLE = "must be a whole number"
_NUMBER = "must be a number"
_TRUTH = "must be true or false"
_TEXT = "must be text"
_LIST = "must be a list"
_OBJECT = "must be a JSON object"

#: By pydantic's kind of error; in braces what it says of this one.
_REASONS = {
    "missing": "is missing",
    "extra_forbidden": "is not a known field",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": "must be a finite number",
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "string_type": _TEXT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "dict_type": _OBJECT,
    "mapping_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "too_short": "has too few entries; at least {min_length}",
    "too_long": "has too many entries; at most {max_length}",
    "string_too_short": "is too short; at least {min_length} characters",
    "string_too_long": "is too long; at most {max_length} characters",
    "string_pattern_mismatch": "must look like {pattern}",
    "json_invalid": "is not JSON: {error}",
    "value_error": "{error}",
}


def first_fault(
    exc: ValidationError, whole: str, known: Mapping[str, Collection[str]] = MappingProxyType({})
) -> tuple[str, str]:
    """Return the path of the first faulty field and why it cannot be used.

    `whole` names what was checked, for a fault of all of it. `known` are the names to offer when
    the fault is a name that is not known, by the path of what it was found in: "" is the top level.
    """
    error = exc.errors(include_url=False)[0]
    path = ".".join(str(part) for part in error["loc"]) or whole
    reason = reason_of(error)
    names = known.get(path.rpartition(".")[0])
    if error["type"] == "extra_forbidden" and names:
        near = difflib.get_close_matches(path.rpartition(".")[2], names, 1)
        reason += f"; did you mean {near[0]}?" if near else f"; known are {', '.join(names)}"
    return path, reason


def reason_of(error: Mapping[str, Any]) -> str:
    """Say why something cannot be used, for one of pydantic's errors."""
    reason = _REASONS.get(error["type"])
    if reason is None:
        told: str = error["msg"]
        return told.removeprefix("Value error, ").removeprefix("Input ")
    facts = error.get("ctx") or {}
    # A bound of 120 is told as that, and not as 120.0.
    return reason.format(**{name: _whole(fact) for name, fact in facts.items()})


def _whole(fact: object) -> object:
    return int(fact) if isinstance(fact, float) and fact.is_integer() else fact
