"""Parse the JSON form of filters from text, strictly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from durian.errors import InvalidFilter
from durian.match.condition import Condition
from durian.match.limits import MAX_FILTER_BYTES, check
from durian.match.reading import read_object
from durian.match.size import check_size


def read_text(text: str) -> Condition:
    """Read a filter's JSON text into a condition, within all limits. Raises InvalidFilter."""
    check("filter", "the number of bytes", len(text.encode(errors="replace")), MAX_FILTER_BYTES)
    try:
        form = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except ValueError as exc:
        raise InvalidFilter("filter", f"is not valid JSON: {exc}") from exc
    except RecursionError as exc:
        raise InvalidFilter("filter", "is nested too deep") from exc
    condition = read_form(form)
    check_size(condition)
    return condition


def read_form(form: object) -> Condition:
    """Read a filter's JSON, parsed, into a condition. Raises InvalidFilter."""
    if not isinstance(form, Mapping):
        hint = 'Write conditions by field: {"name": {"startswith": "J"}}.'
        raise InvalidFilter("filter", "is not a JSON object", hint=hint)
    return read_object(form)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidFilter(twice, "is given twice in one object")
    return members


def _refuse_constant(name: str) -> Any:
    raise InvalidFilter("filter", f"holds {name}, which is not JSON")
