"""Matchers of strings by a piece of text. Values of other types do not fit."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from durian.errors import InvalidFilter
from durian.match.condition import Matcher
from durian.match.limits import MAX_TEXT, check


@dataclass(frozen=True, slots=True)
class TextMatcher(Matcher):
    """A string that fits the pattern, code point by code point, or by case folding."""

    stem: ClassVar[str]

    pattern: str
    ignore_case: bool = False

    def __post_init__(self) -> None:
        if type(self.pattern) is not str:
            raise InvalidFilter(self.word, f"takes a string, not {self.pattern!r}")
        check(self.word, "the number of characters", len(self.pattern), MAX_TEXT)

    @property
    def word(self) -> str:
        """How it is spelled."""
        return f"{self.stem}-ignore-case" if self.ignore_case else self.stem

    def argument(self) -> Any:
        """Give the text."""
        return self.pattern

    def accepts(self, value: Any, /) -> bool:
        """Tell whether the value is a string that fits."""
        if type(value) is not str:
            return False
        if self.ignore_case:
            return self.fits(value.casefold(), self.pattern.casefold())
        return self.fits(value, self.pattern)

    @staticmethod
    @abstractmethod
    def fits(text: str, pattern: str) -> bool:
        """Tell whether a string fits, once case no longer matters."""


class Startswith(TextMatcher):
    """A string that starts with the text."""

    __slots__ = ()
    stem = "startswith"

    @staticmethod
    def fits(text: str, pattern: str) -> bool:
        """Tell whether it starts so."""
        return text.startswith(pattern)


class Endswith(TextMatcher):
    """A string that ends with the text."""

    __slots__ = ()
    stem = "endswith"

    @staticmethod
    def fits(text: str, pattern: str) -> bool:
        """Tell whether it ends so."""
        return text.endswith(pattern)


class Contains(TextMatcher):
    """A string with the text anywhere in it."""

    __slots__ = ()
    stem = "contains"

    @staticmethod
    def fits(text: str, pattern: str) -> bool:
        """Tell whether it is in it."""
        return pattern in text


class Wildcard(TextMatcher):
    r"""A string that fits the pattern as a whole: `*` is any run of characters, even none.

    A backslash takes `*` and itself as they are. Two stars in a row are refused: one says it all.
    """

    __slots__ = ()
    stem = "wildcard"

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(self.pattern) is str:
            pieces(self.pattern)

    @staticmethod
    def fits(text: str, pattern: str) -> bool:
        """Tell whether it fits, finding each piece as early as can be."""
        first, *rest = pieces(pattern)
        if not rest:
            return text == first
        last = rest.pop()
        if len(text) < len(first) + len(last) or not text.startswith(first):
            return False
        at, end = len(first), len(text) - len(last)
        for piece in rest:
            at = text.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return text.endswith(last)


def pieces(pattern: str) -> list[str]:
    """Split a wildcard pattern into the texts between its stars. Raises InvalidFilter."""
    found = [""]
    letters = iter(pattern)
    previous = ""
    for letter in letters:
        if letter == "*":
            if previous == "*":
                raise InvalidFilter("wildcard", "has two stars in a row", hint="Write one.")
            found.append("")
            previous = "*"
            continue
        previous = ""
        taken = next(letters, "") if letter == "\\" else letter
        if letter == "\\" and taken not in ("*", "\\"):
            reason = "has a backslash before something other than `*` and a backslash"
            raise InvalidFilter("wildcard", reason, hint="Write two for one.")
        found[-1] += taken
    return found
