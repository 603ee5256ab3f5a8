"""A slow, obvious evaluator of filters, written from docs/filters.md alone.

It works on the JSON form and shares no code with `durian.match`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import re2

from durian.events import Event

NOTHING = object()
HEAD = 1024


@dataclass(frozen=True)
class Inner:
    """What is asked at the end of the rest of a path."""

    names: tuple[str, ...]
    form: Any


def wanted(form: Any, event: Event) -> bool:
    """Tell whether the filter (JSON, parsed) holds for the event."""
    return asked([form], event.data, event, root=True)


def fits_pattern(pattern: list[str], words: list[str]) -> bool:
    """Tell whether an event pattern's words fit a type's."""
    return (words[0] != "durian" or pattern[0] == "durian") and words_fit(pattern, words)


def words_fit(pattern: list[str], words: list[str]) -> bool:
    if not pattern:
        return not words
    if pattern[0] == "#":
        return any(words_fit(pattern[1:], words[at:]) for at in range(len(words) + 1))
    return bool(words) and pattern[0] in ("*", words[0]) and words_fit(pattern[1:], words[1:])


def asked(forms: list[Any], whole: Any, event: Event, *, root: bool = False) -> bool:
    """Ask several things of a field at once: an array's elements one by one, then itself."""
    offered = [*elements(whole), *arrays(whole)] if is_array(whole) else [whole]
    return any(holds(forms, value, whole, event, root) for value in offered)


def elements(array: list[Any]) -> Iterator[Any]:
    for element in array:
        if is_array(element):
            yield from elements(element)
        else:
            yield element


def arrays(array: list[Any]) -> Iterator[Any]:
    yield array
    for element in array:
        if is_array(element):
            yield from arrays(element)


def holds(forms: list[Any], value: Any, whole: Any, event: Event, root: bool) -> bool:  # noqa: FBT001 (as `asked` has it)
    members: dict[str, list[Any]] = {}
    attributes: dict[str, list[Any]] = {}
    todo = list(forms)
    while todo:
        form = todo.pop()
        if isinstance(form, Inner):
            rest = form.names[1:]
            members.setdefault(form.names[0], []).append(
                Inner(rest, form.form) if rest else form.form
            )
        elif not isinstance(form, dict):
            if not equal(value, form):
                return False
        else:
            for word, argument in form.items():
                if word == "all-of":
                    todo += argument
                elif root and word.startswith("@"):
                    attributes.setdefault(word[1:], []).append(argument)
                elif word not in WORDS and word not in ("any-of", "not"):
                    todo.append(Inner(names_of(word), argument))
                elif not word_holds(word, argument, value, whole, event, root=root):
                    return False
    return all(
        asked(inner, event.attributes.get(name, NOTHING), event)
        for name, inner in attributes.items()
    ) and all(member_holds(name, inner, value, event) for name, inner in members.items())


def word_holds(
    word: str,
    argument: Any,
    value: Any,
    whole: Any,
    event: Event,
    *,
    root: bool,
) -> bool:
    if word == "any-of":
        return any(holds([each], value, whole, event, root) for each in argument)
    if word == "not":
        return not asked([argument], whole, event, root=root)
    return says(word, argument, value)


def member_holds(name: str, forms: list[Any], value: Any, event: Event) -> bool:
    if is_array(value) and value:
        return False  # its elements are asked
    inner = value.get(name, NOTHING) if isinstance(value, dict) else NOTHING
    return asked(forms, inner, event)


def names_of(path: str) -> tuple[str, ...]:
    names = [""]
    taken = False
    for letter in path:
        if taken or letter not in ".\\":
            names[-1] += letter
            taken = False
        elif letter == "\\":
            taken = True
        else:
            names.append("")
    return tuple(names)


def says(word: str, argument: Any, value: Any) -> bool:
    if word.endswith("-ignore-case"):
        if not isinstance(value, str):
            return False
        many = isinstance(argument, list)
        folded = [each.casefold() for each in argument] if many else argument.casefold()
        return bool(WORDS[word.removesuffix("-ignore-case")](folded, value.casefold()))
    return bool(WORDS[word](argument, value))


def is_array(value: Any) -> bool:
    return isinstance(value, list)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_plain(value: Any) -> bool:
    return value is not NOTHING and not isinstance(value, list | dict)


def equal(left: Any, right: Any) -> bool:
    if left is NOTHING or right is NOTHING:
        return False
    if is_number(left) and is_number(right):
        return bool(left == right)
    if is_array(left) and is_array(right):
        return len(left) == len(right) and all(
            equal(a, b) for a, b in zip(left, right, strict=True)
        )
    if isinstance(left, dict) and isinstance(right, dict):
        return set(left) == set(right) and all(equal(left[name], right[name]) for name in left)
    return type(left) is type(right) and bool(left == right)


def moment(text: Any) -> Fraction | None:
    if not isinstance(text, str):
        return None
    form = r"([0-9]{4}-..-..)[Tt](..:..:)([0-9]{2})(\.[0-9]+)?([Zz]|[+-]..:..)"
    parts = re.fullmatch(form, text)
    if parts is None:
        return None
    day, minute, second, fraction, zone = parts.groups()
    leap = second == "60"
    try:
        read = datetime.fromisoformat(f"{day}T{minute}{'59' if leap else second}{zone.upper()}")
    except ValueError:
        return None
    offset = read.utcoffset()
    if offset is None or abs(offset) >= timedelta(hours=24):
        return None
    since = read.replace(tzinfo=None) - datetime(1, 1, 1) - offset  # noqa: DTZ001 (reckoned in UTC by hand)
    nanoseconds = int((fraction or ".0")[1:10].ljust(9, "0"))
    return Fraction(since // timedelta(seconds=1) + leap) + Fraction(nanoseconds, 10**9)


def before(argument: str, value: Any) -> bool:
    left, right = moment(value), moment(argument)
    return left is not None and right is not None and left < right


def after(argument: str, value: Any) -> bool:
    left, right = moment(value), moment(argument)
    return left is not None and right is not None and left > right


def in_network(argument: str, value: Any) -> bool:
    if not isinstance(value, str) or "%" in value:
        return False
    try:
        found = ipaddress.ip_address(value)
    except ValueError:
        return False
    network = ipaddress.ip_network(argument)
    return found.version == network.version and found in network


def wildcard(argument: str, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    text = ""
    taken = False
    for letter in argument:
        if taken or letter not in "*\\":
            text += re.escape(letter)
            taken = False
        elif letter == "\\":
            taken = True
        else:
            text += ".*"
    return re.fullmatch(text, value, re.DOTALL) is not None


def something_else(argument: Any, value: Any) -> bool:
    parts = argument if isinstance(argument, list) else [argument]
    for part in parts:
        if isinstance(part, dict):
            ((word, inner),) = part.items()
            if says(word, inner, value):
                return False
        elif equal(value, part):
            return False
    return is_plain(value)


WORDS: dict[str, Any] = {
    "any": lambda _argument, _value: True,
    "is": lambda argument, value: equal(value, argument),
    "startswith": lambda argument, value: isinstance(value, str) and value.startswith(argument),
    "endswith": lambda argument, value: isinstance(value, str) and value.endswith(argument),
    "contains": lambda argument, value: isinstance(value, str) and argument in value,
    "like": lambda argument, value: (
        isinstance(value, str) and re2.search(argument, value[:HEAD]) is not None
    ),
    "in": lambda argument, value: any(equal(value, each) for each in argument),
    "exists": lambda argument, value: (value is not NOTHING) is argument,
    "missing": lambda argument, value: (value is NOTHING) is argument,
    "gt": lambda argument, value: is_number(value) and value > argument,
    "gte": lambda argument, value: is_number(value) and value >= argument,
    "lt": lambda argument, value: is_number(value) and value < argument,
    "lte": lambda argument, value: is_number(value) and value <= argument,
    "between": lambda argument, value: is_number(value) and argument[0] <= value <= argument[1],
    "before": before,
    "after": after,
    "cidr": in_network,
    "wildcard": wildcard,
    "anything-but": something_else,
}
WORDS |= {
    f"{word}-ignore-case": None
    for word in ("is", "in", "startswith", "endswith", "contains", "wildcard")
}
