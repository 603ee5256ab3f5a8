r"""Read the short form of filters, made for command lines: `name=startswith:J and age>=18`.

docs/filters.md has the grammar. A text without quotes goes on up to ` and `, ` or `, the end, or a
bracket that closes one opened around it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from durian.errors import InvalidFilter
from durian.match.condition import Condition, Nowhere
from durian.match.limits import MAX_DEPTH, MAX_FILTER_BYTES, check
from durian.match.matchers import MATCHERS
from durian.match.reading import all_of, any_of, meant_word, read_field, read_object
from durian.match.slips import (
    refuse_in_text,
    refuse_in_value,
    refuse_json_path,
    refuse_lookup,
    refuse_quoted,
)
from durian.match.values import read_scalar

_HINT = (
    "Write conditions such as name=startswith:J, age>=18 or name=Joe, joined by `and` or `or`. "
    'Put " around text that holds ` and ` or ` or `.'
)

#: A path, up to the sign behind it; a backslash keeps what follows in the path.
_PATH = re.compile(r"(?:\\.|[^\\\s=!<>~(){}])*", re.DOTALL)
_SIGN = re.compile(r"\s*(!=|!~|>=|<=|=|~|>|<)\s*")
_QUOTED = re.compile(r'\s*"(?:\\.|[^"\\])*"', re.DOTALL)
_OPENING = re.compile(r"\s*(?=[\[{])")
#: One of the values of a list, and the comma behind it.
_ITEM = re.compile(r'\s*("(?:\\.|[^"\\])*"|[^,]*)\s*(,|\Z)', re.DOTALL)
_WORD = re.compile(r"([a-z][a-z-]*):")
_JOINT = re.compile(r"\s(?:and|or)\s")
_DECODER = json.JSONDecoder()
_BOUNDS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}

#: Words whose argument may be empty.
_BARE = frozenset({"any", "exists", "missing"})
#: Words whose argument is a list.
_LISTS = frozenset({"in", "in-ignore-case", "anything-but"})
#: Words whose argument is one text, whatever it looks like.
_TEXTS = frozenset({"like", "cidr", "before", "after"})
_TEXT_STEMS = ("startswith", "endswith", "contains", "wildcard")


def parse_short(text: str) -> Condition:
    """Read the short form into a condition. Raises InvalidFilter."""
    check("filter", "the number of characters", len(text), MAX_FILTER_BYTES)
    reader = _Reader(text)
    condition = reader.either(0, root=True)
    reader.refuse_rest()
    return condition


class _Reader:
    """A recursive descent over one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.at = 0

    def either(self, depth: int, *, root: bool) -> Condition:
        """Read conditions joined by `or`."""
        check("filter", "the depth of nesting", depth, MAX_DEPTH)
        parts = [self._every(depth, root=root)]
        while self._take(r"\s+or\b"):
            parts.append(self._every(depth, root=root))
        return parts[0] if len(parts) == 1 else any_of(parts)

    def refuse_rest(self) -> None:
        """Raise InvalidFilter when anything is left."""
        rest = self._text[self.at :].strip()
        if rest:
            raise InvalidFilter(rest, "was not expected here", hint=_HINT)

    def _every(self, depth: int, *, root: bool) -> Condition:
        parts = [self._one(depth, root=root)]
        while self._take(r"\s+and\b"):
            parts.append(self._one(depth, root=root))
        return all_of(parts)

    def _one(self, depth: int, *, root: bool) -> Condition:
        if self._take(r"\s*not\s+(?=[^\s=!<>~])"):
            check("filter", "the depth of nesting", depth, MAX_DEPTH)
            return Nowhere(self._one(depth + 1, root=root))
        if self._take(r"\s*\("):
            return self._group(")", depth, root=root)
        return self._condition(depth, root=root)

    def _group(self, close: str, depth: int, *, root: bool) -> Condition:
        if self._take(rf"\s*\{close}"):
            return all_of(())
        condition = self.either(depth + 1, root=root)
        if not self._take(rf"\s*\{close}"):
            self.refuse_rest()
            raise InvalidFilter(self._text, f"lacks a closing {close}", hint=_HINT)
        return condition

    def _condition(self, depth: int, *, root: bool) -> Condition:
        self._take(r"\s+")
        path = self._next(_PATH)
        if root:
            refuse_json_path(path)
        refuse_lookup(path, f"\\{path}")
        if path and self._take(r"\{"):
            return read_field(path, self._group("}", depth, root=False), root=root)
        sign = self._next(_SIGN).strip()
        if not sign:
            raise InvalidFilter(self._text.strip() or "(empty)", "is not a condition", hint=_HINT)
        if sign in _BOUNDS:
            value = {_BOUNDS[sign]: read_scalar(self._plain(path, sign, as_text=True))}
        else:
            value = self._value(path, sign, root=root)
        if sign.startswith("!"):
            value = {"not": value}
        return read_field(path, value, root=root) if path else read_object(value, root=root)

    def _value(self, path: str, sign: str, *, root: bool) -> dict[str, Any]:
        suffix = "-ignore-case" if sign.endswith("~") else ""
        found = _WORD.match(self._text, self.at)
        if found is None:
            as_text = bool(suffix) or (root and path.startswith("@"))
            raw = self._plain(path, sign, as_text=as_text)
            return {"is" + suffix: _text(raw) if as_text else read_scalar(raw)}
        word = found[1] + suffix
        if word not in MATCHERS:
            raise _unknown(found[1], suffix, path, sign)
        self.at = found.end()
        if not _takes_text(word) and (opening := _OPENING.match(self._text, self.at)):
            return {word: self._array_or_object(word, opening.end())}
        field, head = path or word, f"{path}{sign}{found.group()}"
        if word in _LISTS:
            read = _text if word == "in-ignore-case" else read_scalar
            return {word: [read(item) for item in self._items(field, head)]}
        raw = self._quoted(field)
        if not raw:
            raw = self._bare()
            refuse_in_text(raw, field, head)
        return {word: _argument(word, raw)}

    def _items(self, field: str, head: str) -> Iterator[str]:
        """Take what commas separate; each may be quoted."""
        raw = self._bare(quoting=True)
        at, comma = 0, ","
        while comma and (found := _ITEM.match(raw, at)):
            item, comma = found[1].strip(), found[2]
            at = found.end()
            if not item.startswith('"') or read_scalar(item) == item:
                refuse_in_text(item, field, head, among=raw)
            yield item

    def _plain(self, path: str, sign: str, *, as_text: bool) -> str:
        """Take what stands behind a sign without a word."""
        raw = self._quoted(path or "filter")
        if not raw:
            raw = self._bare()
            refuse_in_value(raw, path, sign, as_text=as_text)
        return raw

    def _quoted(self, field: str) -> str:
        raw = self._next(_QUOTED).strip()
        if raw and read_scalar(raw) == raw:
            refuse_quoted(raw, field)
        return raw

    def _array_or_object(self, word: str, at: int) -> Any:
        try:
            value, self.at = _DECODER.raw_decode(self._text, at)
        except (ValueError, RecursionError) as exc:
            raise InvalidFilter(word, f"{self._bare()!r} is not valid JSON: {exc}") from exc
        return value

    def _bare(self, *, quoting: bool = False) -> str:
        """Take text up to a joint, a bracket that it did not open, or the end.

        With `quoting`, what is quoted behind a comma goes on to its closing quote.
        """
        start = self.at
        within, before = 0, ","
        while self.at < len(self._text) and not _JOINT.match(self._text, self.at):
            letter = self._text[self.at]
            if quoting and before == "," and (quoted := _QUOTED.match(self._text, self.at)):
                self.at = quoted.end()
                before = '"'
                continue
            before = letter
            within += (letter in "({") - (letter in ")}")
            if within < 0:
                break
            self.at += 2 if letter == "\\" else 1
        self.at = min(self.at, len(self._text))
        return self._text[start : self.at].strip()

    def _take(self, pattern: str) -> bool:
        return self._next(re.compile(pattern)) != ""

    def _next(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found.group()


def _argument(word: str, raw: str) -> Any:
    """Read what stands behind a word as JSON would have it."""
    if word in _BARE and not raw:
        return True
    if _takes_text(word):
        return _text(raw)
    if word == "between" and ".." in raw:
        return [read_scalar(end.strip()) for end in raw.split("..", 1)]
    return read_scalar(raw)


def _text(raw: str) -> str:
    if not raw.startswith('"'):
        return raw
    text = read_scalar(raw)
    return text if isinstance(text, str) else raw


def _takes_text(word: str) -> bool:
    return word in _TEXTS or word.startswith(_TEXT_STEMS) or word == "is-ignore-case"


def _unknown(word: str, suffix: str, path: str, sign: str) -> InvalidFilter:
    known = f" that ignores case and is called {word!r}" if suffix else f" {word!r}"
    hint = f'For the text itself, quote it: {path}{sign}"{word}:..."'
    meant = meant_word(word)
    if meant + suffix in MATCHERS:
        hint = f"Did you mean {path}{sign}{meant}:...? {hint}"
    return InvalidFilter(path or word, f"there is no matcher{known}", hint=hint)
