"""The leaves of EventBridge patterns: plain values and their operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from durian.errors import InvalidFilter
from durian.match.condition import Condition, Matcher
from durian.match.matchers import (
    AnythingBut,
    Cidr,
    Endswith,
    Gt,
    Gte,
    Is,
    Lt,
    Lte,
    Startswith,
    Wildcard,
)
from durian.match.reading import all_of, check_json
from durian.match.values import is_number, is_scalar

_COMPARISONS: dict[str, Callable[[Any], Matcher]] = {
    "=": Is,
    "<": Lt,
    "<=": Lte,
    ">": Gt,
    ">=": Gte,
}

#: What `anything-but` may hold besides plain values.
_EXCEPTIONS = ("prefix", "suffix", "equals-ignore-case", "wildcard")


def absence(form: Any) -> bool:
    """Tell whether an alternative asks that the field be absent."""
    return isinstance(form, Mapping) and form.get("exists") is False


def alternatives(forms: list[Any], path: str) -> list[Condition]:
    """Turn a leaf's alternatives into conditions on the field. Raises InvalidFilter."""
    return [_alternative(form, f"{path}[{at}]") for at, form in enumerate(forms)]


def _alternative(form: Any, path: str) -> Condition:
    if is_scalar(form):
        return Is(check_json(form, path))
    if not isinstance(form, Mapping) or len(form) != 1:
        raise InvalidFilter(path, "is neither a plain value nor an object with one operator")
    name, argument = next(iter(form.items()))
    if name not in _OPERATORS:
        hint = f"There are {', '.join(_OPERATORS)}."
        raise InvalidFilter(f"{path}.{name}", "is not an operator of EventBridge", hint=hint)
    try:
        return _OPERATORS[name](argument)
    except InvalidFilter as exc:
        raise InvalidFilter(f"{path}.{name}", exc.reason, hint=exc.advice) from exc


def _text(argument: Any) -> str:
    if not isinstance(argument, str):
        raise InvalidFilter("text", f"takes a string, not {argument!r}")
    check_json(argument, "text")
    return argument


def _affix(make: Callable[..., Matcher]) -> Callable[[Any], Matcher]:
    def read(argument: Any) -> Matcher:
        if isinstance(argument, Mapping) and set(argument) == {"equals-ignore-case"}:
            return make(_text(argument["equals-ignore-case"]), ignore_case=True)
        return make(_text(argument))

    return read


def _equals_ignore_case(argument: Any) -> Matcher:
    return Is(_text(argument), ignore_case=True)


def _exists(argument: Any) -> Matcher:
    if argument is not True:
        raise InvalidFilter("exists", f"takes true or false, not {argument!r}")
    # It sees leaves only: objects and empty arrays do not count as there.
    return AnythingBut()


def _numeric(argument: Any) -> Condition:
    if not isinstance(argument, list) or len(argument) not in (2, 4):
        raise InvalidFilter("numeric", "takes one or two comparisons, each with its number")
    parts: list[Condition] = []
    for sign, number in zip(argument[::2], argument[1::2], strict=True):
        if sign not in _COMPARISONS:
            raise InvalidFilter("numeric", f"has {sign!r}, which is no comparison")
        if not is_number(number):
            raise InvalidFilter("numeric", f"has {number!r}, which is no number")
        parts.append(_COMPARISONS[sign](check_json(number, "numeric")))
    return all_of(parts)


def _anything_but(argument: Any) -> Matcher:
    if isinstance(argument, Mapping):
        if len(argument) != 1 or next(iter(argument)) not in _EXCEPTIONS:
            raise InvalidFilter("anything-but", f"takes one of {', '.join(_EXCEPTIONS)}")
        name, inner = next(iter(argument.items()))
        items = inner if isinstance(inner, list) else [inner]
        return AnythingBut(*(_OPERATORS[name](item) for item in items))
    items = argument if isinstance(argument, list) else [argument]
    if not items or not (all(map(is_number, items)) or all(type(item) is str for item in items)):
        raise InvalidFilter("anything-but", "takes strings or numbers")
    return AnythingBut(*check_json(items, "anything-but"))


_OPERATORS: dict[str, Callable[[Any], Condition]] = {
    "prefix": _affix(Startswith),
    "suffix": _affix(Endswith),
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": lambda argument: Wildcard(_text(argument)),
    "numeric": _numeric,
    "cidr": lambda argument: Cidr(_text(argument)),
    "exists": _exists,
    "anything-but": _anything_but,
}
