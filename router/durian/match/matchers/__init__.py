"""The matchers: what a filter can ask of a single value. Six of them are durian's own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from durian.errors import InvalidFilter
from durian.match.condition import Matcher
from durian.match.matchers.equality import Any_, AnythingBut, Exists, In, Is, Missing
from durian.match.matchers.expression import Like
from durian.match.matchers.network import Cidr
from durian.match.matchers.numbers import Between, Gt, Gte, Lt, Lte
from durian.match.matchers.text import Contains, Endswith, Startswith, Wildcard
from durian.match.matchers.times import After, Before

__all__ = [
    "MATCHERS",
    "After",
    "Any_",
    "AnythingBut",
    "Before",
    "Between",
    "Cidr",
    "Contains",
    "Endswith",
    "Exists",
    "Gt",
    "Gte",
    "In",
    "Is",
    "Like",
    "Lt",
    "Lte",
    "Missing",
    "Startswith",
    "Wildcard",
]


def _items(argument: Any, word: str) -> list[Any]:
    if not isinstance(argument, list):
        raise InvalidFilter(word, f"takes an array, not {argument!r}")
    return argument


def _read_in(argument: Any, *, ignore_case: bool = False) -> Matcher:
    return In(*_items(argument, "in"), ignore_case=ignore_case)


def _read_between(argument: Any) -> Matcher:
    ends = _items(argument, "between")
    if len(ends) != 2:  # noqa: PLR2004 (a range has two ends)
        raise InvalidFilter("between", f"takes two numbers, not {len(ends)}")
    return Between(*ends)


def _read_any(argument: Any) -> Matcher:
    if argument is not True:
        raise InvalidFilter("any", f"takes true, not {argument!r}")
    return Any_()


def _read_exists(argument: Any, *, wanted: bool = True) -> Matcher:
    if not isinstance(argument, bool):
        raise InvalidFilter(
            "exists" if wanted else "missing", f"takes true or false, not {argument!r}"
        )
    return Exists() if argument is wanted else Missing()


def _read_anything_but(argument: Any) -> Matcher:
    parts = argument if isinstance(argument, list) else [argument]
    return AnythingBut(*(_read_part(part) if isinstance(part, dict) else part for part in parts))


def _read_part(form: Mapping[str, Any]) -> Matcher:
    if len(form) != 1 or next(iter(form)) not in MATCHERS:
        raise InvalidFilter("anything-but", f"holds {form!r}, which is not one matcher")
    word, argument = next(iter(form.items()))
    return MATCHERS[word](argument)


def _folding(kind: Callable[..., Matcher]) -> Callable[[Any], Matcher]:
    return functools.partial(kind, ignore_case=True)


#: How each word's argument in JSON is read: InvalidFilter is raised when it cannot be.
MATCHERS: dict[str, Callable[[Any], Matcher]] = {
    "any": _read_any,
    "is": Is,
    "startswith": Startswith,
    "endswith": Endswith,
    "contains": Contains,
    "like": Like,
    "in": _read_in,
    "exists": _read_exists,
    "missing": functools.partial(_read_exists, wanted=False),
    "anything-but": _read_anything_but,
    "wildcard": Wildcard,
    "gt": Gt,
    "gte": Gte,
    "lt": Lt,
    "lte": Lte,
    "between": _read_between,
    "before": Before,
    "after": After,
    "cidr": Cidr,
    "is-ignore-case": _folding(Is),
    "in-ignore-case": _folding(_read_in),
    "startswith-ignore-case": _folding(Startswith),
    "endswith-ignore-case": _folding(Endswith),
    "contains-ignore-case": _folding(Contains),
    "wildcard-ignore-case": _folding(Wildcard),
}
