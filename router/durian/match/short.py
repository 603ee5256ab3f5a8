"""Read the short form of filters, made for command lines: `name=startswith:J and age>=18`."""

from __future__ import annotations

import re
from typing import Any

from durian.errors import InvalidFilter
from durian.match.condition import Condition, Either, Nowhere
from durian.match.reading import all_of, read_field
from durian.match.values import read_scalar
from durian.match.words import MATCHERS

_HINT = "Write conditions such as name=startswith:J, age>=18 or name=Joe, joined by `and` or `or`."

#: A path, up to the sign behind it; a backslash keeps what follows in the path.
_PATH = re.compile(r"(?:\\.|[^\\\s=!<>~(){}])+", re.DOTALL)
_SIGN = re.compile(r"\s*(!=|>=|<=|=|>|<)\s*")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
_WORD = re.compile(r"([a-z][a-z-]*):", re.DOTALL)
_BOUNDS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}


def parse_short(text: str) -> Condition:
    """Read the short form into a condition. Raises InvalidFilter."""
    reader = _Reader(text)
    condition = reader.either()
    if reader.rest().strip():
        raise InvalidFilter(reader.rest().strip(), "was not expected here", hint=_HINT)
    return condition


class _Reader:
    """A recursive descent over one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def rest(self) -> str:
        return self._text[self._at :]

    def either(self) -> Condition:
        parts = [self._every()]
        while self._take(r"\s+or\b"):
            parts.append(self._every())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _every(self) -> Condition:
        parts = [self._one()]
        while self._take(r"\s+and\b"):
            parts.append(self._one())
        return all_of(parts)

    def _one(self) -> Condition:
        if self._take(r"\s*not\s+(?=\S)"):
            return Nowhere(self._one())
        if self._take(r"\s*\("):
            condition = self.either()
            if not self._take(r"\s*\)"):
                raise InvalidFilter(self._text, "lacks a closing parenthesis")
            return condition
        return self._condition()

    def _condition(self) -> Condition:
        self._take(r"\s*")
        path = self._pattern(_PATH)
        sign = self._pattern(_SIGN).strip()
        if not path or not sign:
            raise InvalidFilter(self._text or "(empty)", "is not a condition", hint=_HINT)
        if sign in _BOUNDS:
            return read_field(path, {_BOUNDS[sign]: read_scalar(self._bare())})
        condition = read_field(path, self._value(path))
        return Nowhere(condition) if sign == "!=" else condition

    def _value(self, path: str) -> Any:
        quoted = self._pattern(_QUOTED)
        if quoted:
            return read_scalar(quoted)
        word = self._pattern(_WORD)
        if not word:
            return read_scalar(self._bare())
        word = word[:-1]
        if word not in MATCHERS:
            hint = f'For the text itself, quote it: {path}="{word}:..."'
            raise InvalidFilter(path, f"there is no matcher {word!r}", hint=hint)
        quoted = self._pattern(_QUOTED)
        raw = quoted or self._bare()
        return {word: MATCHERS[word].read_short(raw)}

    def _bare(self) -> str:
        """Take text up to ` and `, ` or `, the end, or a bracket that closes one around it."""
        start = self._at
        open_ = 0
        while self._at < len(self._text):
            letter = self._text[self._at]
            if letter == "\\":
                self._at += 1
            elif letter in "({":
                open_ += 1
            elif letter in ")}":
                open_ -= 1
                if open_ < 0:
                    break
            elif re.compile(r"\s+(and|or)\s").match(self._text, self._at):
                break
            self._at += 1
        return self._text[start : self._at].strip()

    def _take(self, pattern: str) -> bool:
        return self._pattern(re.compile(pattern)) != ""

    def _pattern(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found.group()
