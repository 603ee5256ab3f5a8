"""Matchers of whole values: anything, equality, presence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeGuard

from durian.errors import InvalidFilter
from durian.match.condition import Matcher
from durian.match.values import MISSING, canonical, is_scalar, same


@dataclass(frozen=True, slots=True)
class Any_(Matcher):  # noqa: N801 (published as `Any`, which the typing module owns here)
    """Anything, even if the field is not sent at all."""

    word = "any"

    def argument(self) -> Any:
        """Nothing is left to say."""
        return True

    def accepts(self, _value: Any, /) -> bool:
        """Yes."""
        return True


@dataclass(frozen=True, slots=True)
class Exists(Matcher):
    """A value is there, be it null, empty or an array of nothing."""

    word = "exists"

    def argument(self) -> Any:
        """Nothing is left to say."""
        return True

    def accepts(self, value: Any, /) -> bool:
        """Tell whether there is a value."""
        return value is not MISSING


@dataclass(frozen=True, slots=True)
class Missing(Matcher):
    """No value is there."""

    word = "missing"

    def argument(self) -> Any:
        """Nothing is left to say."""
        return True

    def accepts(self, value: Any, /) -> bool:
        """Tell whether there is no value."""
        return value is MISSING


class _Equality(Matcher):
    """Equal when the same values are asked for: 1 is 1.0, and true is not 1."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Equality):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[str, str]:
        return self.word, canonical(self.argument())


@dataclass(frozen=True, slots=True, eq=False)
class Is(_Equality):
    """Strictly equal: `1` is not `"1"`, and true is not `1`; `1` is `1.0`.

    Ignoring case, it takes a string, and strings are equal when their case foldings are.
    """

    pattern: Any
    ignore_case: bool = False

    def __post_init__(self) -> None:
        if self.ignore_case and type(self.pattern) is not str:
            raise InvalidFilter(self.word, f"takes a string, not {self.pattern!r}")

    @property
    def word(self) -> str:
        """How it is spelled."""
        return "is-ignore-case" if self.ignore_case else "is"

    def argument(self) -> Any:
        """Give the value."""
        return self.pattern

    def accepts(self, value: Any, /) -> bool:
        """Tell whether the value is the same JSON value."""
        if self.ignore_case:
            return type(value) is str and value.casefold() == self.pattern.casefold()
        return value is not MISSING and same(value, self.pattern)


@dataclass(frozen=True, slots=True, eq=False, init=False)
class In(_Equality):
    """One of several values: strings, numbers, booleans or null."""

    values: tuple[Any, ...]
    ignore_case: bool

    def __init__(self, *values: Any, ignore_case: bool = False) -> None:
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "ignore_case", ignore_case)
        if not values:
            raise InvalidFilter(self.word, "takes at least one value")
        for value in values:
            if not is_scalar(value) or (ignore_case and type(value) is not str):
                kind = "a string" if ignore_case else "a string, number, boolean or null"
                raise InvalidFilter(self.word, f"holds {value!r}, which is not {kind}")

    @property
    def word(self) -> str:
        """How it is spelled."""
        return "in-ignore-case" if self.ignore_case else "in"

    def argument(self) -> Any:
        """Give the values."""
        return list(self.values)

    def accepts(self, value: Any, /) -> bool:
        """Tell whether the value is one of them."""
        if self.ignore_case:
            return type(value) is str and value.casefold() in map(str.casefold, self.values)
        return value is not MISSING and any(same(value, each) for each in self.values)


@dataclass(frozen=True, slots=True, init=False)
class AnythingBut(Matcher):
    """A single value is there, and none of these: plain values or matchers.

    Of an array, one element that is something else is enough, which is what sets it apart from
    `Not`; and unlike `Not` it asks for a value to be there.
    """

    word = "anything-but"
    parts: tuple[Matcher, ...]

    def __init__(self, *parts: Any) -> None:
        object.__setattr__(self, "parts", tuple(_as_matchers(parts)))

    def argument(self) -> Any:
        """Give what it must not be: plain values as they are, matchers as objects."""
        return [
            part.pattern if _is_plain(part) else {part.word: part.argument()} for part in self.parts
        ]

    def accepts(self, value: Any, /) -> bool:
        """Tell whether the value is something else."""
        return is_scalar(value) and not any(part.accepts(value) for part in self.parts)


def _as_matchers(parts: Iterable[Any]) -> Iterable[Matcher]:
    for part in parts:
        if not isinstance(part, Matcher) and not is_scalar(part):
            raise InvalidFilter("anything-but", f"holds {part!r}, which is no value or matcher")
        yield part if isinstance(part, Matcher) else Is(part)


def _is_plain(part: Matcher) -> TypeGuard[Is]:
    return isinstance(part, Is) and not part.ignore_case and is_scalar(part.pattern)
