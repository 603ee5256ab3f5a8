"""Conditions: the tree a filter is made of, and how each kind of node decides.

A condition looks at one value. Where the value of a field is an array, `found` offers the condition
each of its elements, and conditions that stand together hold for one and the same element.
`docs/filters.md` is the specification.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from durian.events import Event
from durian.match.values import MISSING, candidates


class Condition:
    """What must hold. Conditions are immutable, and equal when they say the same.

    Not an ABC: telling the kinds apart is most of the work on filters, and would be much slower.
    """

    __slots__ = ()

    @abstractmethod
    def holds(self, value: Any, whole: Any, event: Event, /) -> bool:
        """Tell whether it holds for `value`, an element of `whole` (or `whole` itself)."""


class Matcher(Condition):
    """A condition on a single value, whatever surrounds it."""

    __slots__ = ()

    @property
    @abstractmethod
    def word(self) -> str:
        """How it is spelled in JSON and in the short form."""

    @abstractmethod
    def argument(self) -> Any:
        """Give what stands behind the word in JSON."""

    @abstractmethod
    def accepts(self, value: Any, /) -> bool:
        """Tell whether a JSON value, or MISSING, fits. A value of the wrong type does not."""

    def holds(self, value: Any, _whole: Any, _event: Event, /) -> bool:
        """Tell whether the value fits."""
        return self.accepts(value)


@dataclass(frozen=True, slots=True)
class Every(Condition):
    """Holds when every part holds, for one and the same value."""

    parts: tuple[Condition, ...]

    def holds(self, value: Any, whole: Any, event: Event, /) -> bool:
        """Tell whether every part holds."""
        return all(part.holds(value, whole, event) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Either(Condition):
    """Holds when at least one part holds."""

    parts: tuple[Condition, ...]

    def holds(self, value: Any, whole: Any, event: Event, /) -> bool:
        """Tell whether some part holds."""
        return any(part.holds(value, whole, event) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Nowhere(Condition):
    """Holds when no element of the field fulfils its part: it speaks of the field as a whole."""

    part: Condition

    def holds(self, _value: Any, whole: Any, event: Event, /) -> bool:
        """Tell whether the part holds nowhere."""
        return not found(self.part, whole, event)


@dataclass(frozen=True, slots=True)
class Field(Condition):
    """Holds when its part holds for the value's member of that name."""

    name: str
    part: Condition

    def holds(self, value: Any, _whole: Any, event: Event, /) -> bool:
        """Tell whether the member fulfils the part."""
        if type(value) is dict:
            return found(self.part, value.get(self.name, MISSING), event)
        # Elements are asked one by one; only of an empty array the members are plainly missing.
        if type(value) is list and value:
            return False
        return found(self.part, MISSING, event)


@dataclass(frozen=True, slots=True)
class Attribute(Condition):
    """Holds when its part holds for an attribute of the envelope, such as `source`."""

    name: str
    part: Condition

    def holds(self, _value: Any, _whole: Any, event: Event, /) -> bool:
        """Tell whether the attribute fulfils the part."""
        return found(self.part, event.attributes.get(self.name, MISSING), event)


def found(part: Condition, whole: Any, event: Event) -> bool:
    """Tell whether a condition holds for a field: for its value, or an element of its array."""
    if type(whole) is list:
        return any(part.holds(value, whole, event) for value in candidates(whole))
    return part.holds(whole, whole, event)
