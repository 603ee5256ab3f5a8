"""Matchers of numbers, compared by their exact values. A boolean or a string is no number."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from durian.errors import InvalidFilter
from durian.match.condition import Matcher
from durian.match.values import is_number


@dataclass(frozen=True, slots=True)
class _Bound(Matcher):
    """A number on one side of a bound."""

    name: ClassVar[str]

    bound: float

    def __post_init__(self) -> None:
        _check(self.word, self.bound)

    @property
    def word(self) -> str:
        """How it is spelled."""
        return self.name

    def argument(self) -> Any:
        """Give the bound."""
        return self.bound

    def accepts(self, value: Any, /) -> bool:
        """Tell whether the value is such a number."""
        return is_number(value) and self.fits(value)

    @abstractmethod
    def fits(self, value: float) -> bool:
        """Tell whether the number is on the right side."""


class Gt(_Bound):
    """A number greater than the bound."""

    __slots__ = ()
    name = "gt"

    def fits(self, value: float) -> bool:
        """Tell whether it is greater."""
        return value > self.bound


class Gte(_Bound):
    """A number greater than the bound, or equal to it."""

    __slots__ = ()
    name = "gte"

    def fits(self, value: float) -> bool:
        """Tell whether it is not less."""
        return value >= self.bound


class Lt(_Bound):
    """A number less than the bound."""

    __slots__ = ()
    name = "lt"

    def fits(self, value: float) -> bool:
        """Tell whether it is less."""
        return value < self.bound


class Lte(_Bound):
    """A number less than the bound, or equal to it."""

    __slots__ = ()
    name = "lte"

    def fits(self, value: float) -> bool:
        """Tell whether it is not greater."""
        return value <= self.bound


@dataclass(frozen=True, slots=True)
class Between(Matcher):
    """A number from `low` to `high`, both included."""

    word = "between"
    low: float
    high: float

    def __post_init__(self) -> None:
        _check("between", self.low)
        _check("between", self.high)
        if self.low > self.high:
            raise InvalidFilter("between", f"{self.low!r} is greater than {self.high!r}")

    def argument(self) -> Any:
        """Give both ends."""
        return [self.low, self.high]

    def accepts(self, value: Any, /) -> bool:
        """Tell whether the value is such a number."""
        return is_number(value) and self.low <= value <= self.high


def _check(word: str, bound: Any) -> None:
    if not is_number(bound):
        raise InvalidFilter(word, f"takes a number, not {bound!r}")
