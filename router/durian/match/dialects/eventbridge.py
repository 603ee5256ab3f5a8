"""EventBridge patterns: AWS's way to say which events a rule wants.

A pattern nests as events do; its leaves are arrays of alternatives. All fields must match, and
what is asked of an array's objects must hold for the same one of them. An alternative that asks for
a field's absence speaks of the whole event, so a pattern becomes a choice between conjunctions.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from durian.errors import InvalidFilter
from durian.match.condition import Attribute, Condition, Field, Nowhere
from durian.match.dialects.eventbridge_values import absence, alternatives
from durian.match.filter import Filter
from durian.match.reading import all_of, any_of

#: Conjunctions that the choices in one pattern (`$or`, absence) may multiply to.
MAX_CHOICES = 100

#: Members of AWS's envelope, and the attribute that each has become.
_ENVELOPE = {
    "source": "source",
    "detail-type": "type",
    "id": "id",
    "time": "time",
    "account": "account",
    "region": "region",
}

Choices = list[tuple[Condition, ...]]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the pattern we are, and where in our events that is."""

    path: str
    names: tuple[str, ...] = ()
    attribute: str = ""

    def member(self, name: str) -> _Place:
        return _Place(f"{self.path}.{name}" if self.path else name, (*self.names, name))

    def ask(self, condition: Condition) -> Condition:
        """Ask it of what is at this place."""
        if self.attribute:
            return Attribute(self.attribute, condition)
        for name in reversed(self.names):
            condition = Field(name, condition)
        return condition


def from_eventbridge(pattern: str | Mapping[str, Any], *, envelope: bool = True) -> Filter:
    """Turn an EventBridge pattern (JSON, as text or parsed) into a Filter.

    With `envelope`, `source`, `detail-type`, `id` and `time` are our attributes of that meaning,
    `account` and `region` extensions, and `detail` is the data; else the whole pattern speaks of
    the data. Raises InvalidFilter with the path of what is no pattern, or cannot be expressed.
    """
    if isinstance(pattern, str):
        try:
            pattern = json.loads(pattern)
        except (ValueError, RecursionError) as exc:
            raise InvalidFilter("pattern", f"is not valid JSON: {exc}") from exc
    if not isinstance(pattern, Mapping) or not pattern:
        raise InvalidFilter("pattern", "is not an object with at least one field")
    choices = _object(pattern, _Place(""), envelope=envelope)
    rules = [all_of(parts) for parts in choices]
    return Filter(rules[0] if len(rules) == 1 else any_of(rules))


def _object(pattern: Any, place: _Place, *, envelope: bool) -> Choices:
    if not isinstance(pattern, Mapping) or not pattern:
        raise InvalidFilter(place.path or "pattern", "is not an object with at least one field")
    members = [_member(name, value, place, envelope) for name, value in pattern.items()]
    return _product(members, place)


def _member(name: str, value: Any, place: _Place, envelope: bool) -> Choices:  # noqa: FBT001 (as its caller has it)
    if name == "$or":
        return _or(value, place, envelope=envelope)
    if envelope:
        return _envelope_member(name, value)
    here = place.member(name)
    if isinstance(value, Mapping):
        return _object(value, here, envelope=False)
    return _leaf(value, here)


def _envelope_member(name: str, value: Any) -> Choices:
    if name == "detail":
        if not isinstance(value, Mapping):
            raise InvalidFilter("detail", "is not an object")
        return _object(value, _Place("detail"), envelope=False)
    if name not in _ENVELOPE:
        hint = f"Of the envelope, {', '.join(_ENVELOPE)} and detail can be asked."
        raise InvalidFilter(name, "has no counterpart in an event here", hint=hint)
    return _leaf(value, _Place(name, attribute=_ENVELOPE[name]))


def _or(value: Any, place: _Place, *, envelope: bool) -> Choices:
    here = f"{place.path}.$or" if place.path else "$or"
    if not isinstance(value, list) or len(value) < 2:  # noqa: PLR2004 (as EventBridge has it)
        raise InvalidFilter(here, "is not an array of at least two objects")
    parts = [_object(each, place, envelope=envelope) for each in value]
    return _checked(list(itertools.chain.from_iterable(parts)), here)


def _leaf(value: Any, place: _Place) -> Choices:
    if not isinstance(value, list) or not value:
        raise InvalidFilter(place.path, "is not an array of at least one value")
    choices: Choices = []
    wanted = [each for each in value if not absence(each)]
    if wanted:
        parts = alternatives(wanted, place.path)
        choices.append((place.ask(parts[0] if len(parts) == 1 else any_of(parts)),))
    if len(wanted) < len(value):
        choices.append((Nowhere(place.ask(alternatives([{"exists": True}], place.path)[0])),))
    return choices


def _product(members: list[Choices], place: _Place) -> Choices:
    product: Choices = [()]
    for choices in members:
        product = [(*left, *right) for left in product for right in choices]
        _checked(product, place.path or "pattern")
    return product


def _checked(choices: Choices, path: str) -> Choices:
    if len(choices) > MAX_CHOICES:
        reason = f"has {len(choices)} combinations of alternatives, the limit is {MAX_CHOICES}"
        raise InvalidFilter(path, reason)
    return choices
