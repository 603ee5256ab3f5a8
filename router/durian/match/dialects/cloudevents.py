"""Filters of the CloudEvents Subscriptions API 1.0: its six required dialects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from durian.errors import InvalidFilter
from durian.match.condition import Condition, Nowhere
from durian.match.filter import Filter
from durian.match.matchers import Endswith, Is, Startswith
from durian.match.reading import all_of, any_of, check_json, read_field

#: What each dialect of plain attributes asks of them.
_PLAIN: dict[str, Callable[[str], Condition]] = {
    "exact": Is,
    "prefix": Startswith,
    "suffix": Endswith,
}


def from_subscription(filters: Sequence[Mapping[str, Any]]) -> Filter:
    """Turn a subscription's `filters` into a Filter: all of them must hold.

    Raises InvalidFilter with the path of what is unknown (the specification has it rejected) or not
    well-formed. The optional `sql` dialect is unknown here.
    """
    return Filter(_all(filters, "filters"))


def _all(filters: Any, path: str) -> Condition:
    return all_of(_dialects(filters, path))


def _dialects(filters: Any, path: str) -> list[Condition]:
    if not isinstance(filters, Sequence) or isinstance(filters, str):
        raise InvalidFilter(path, "is not an array of filters")
    return [_dialect(each, f"{path}[{at}]") for at, each in enumerate(filters)]


def _dialect(form: Any, path: str) -> Condition:
    if not isinstance(form, Mapping) or len(form) != 1:
        raise InvalidFilter(path, "is not an object with one dialect")
    name, argument = next(iter(form.items()))
    here = f"{path}.{name}"
    if name in _PLAIN:
        return _attributes(_PLAIN[name], argument, here)
    if name == "not":
        return Nowhere(_dialect(argument, here))
    if name not in ("all", "any"):
        hint = "exact, prefix, suffix, all, any and not are."
        raise InvalidFilter(here, "is not a dialect that is supported here", hint=hint)
    parts = _dialects(argument, here)
    if not parts:
        raise InvalidFilter(here, "takes at least one filter")
    return all_of(parts) if name == "all" else any_of(parts, here)


def _attributes(make: Callable[[str], Condition], argument: Any, path: str) -> Condition:
    if not isinstance(argument, Mapping) or not argument:
        raise InvalidFilter(path, "is not an object of attributes")
    for name, value in argument.items():
        if not isinstance(value, str) or not value:
            raise InvalidFilter(f"{path}.{name}", "is not a text with at least one character")
        check_json(value, f"{path}.{name}")
    return all_of(read_field(f"@{name}", make(value)) for name, value in argument.items())
