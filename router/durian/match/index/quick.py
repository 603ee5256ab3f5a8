"""The quick way in for the most common filters: a few fields with plain values, or one text.

A registry hands over its listeners by the hundred thousand, nearly all of such filters. Reading
them needs no tree of conditions, so none is made; what is asked beside plain values is often alike,
and is read once. Whatever is not plainly one of these is left to `Filter`, which decides what it
means and refuses what is wrong.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic_core import from_json, to_json

from durian.errors import InvalidFilter
from durian.match.condition import Condition
from durian.match.index.access import conjuncts
from durian.match.index.intervals import interval_key
from durian.match.index.paths import DATA, Path
from durian.match.index.posting import shared
from durian.match.index.shapes import STRING, joined
from durian.match.limits import MAX_TEXT
from durian.match.matchers import Like
from durian.match.parsing import read_text
from durian.match.reading import WORDS, all_of
from durian.match.values import canonical

if TYPE_CHECKING:
    from durian.match.index.lookup import Lookup
    from durian.match.index.node import Node

_BETWEEN = "between"

#: The kinds of lookups for words; the argument of all but the first is filed as it is.
_KINDS = {
    _BETWEEN: "number-interval",
    "startswith": "prefix",
    "endswith": "suffix",
    "contains": "contains",
    "like": "like",
}

#: Types of values that are plain, whatever they are.
_PLAIN = (str, int, bool, type(None))

#: Colons of one field with one word.
_TWO = 2

#: Ends of a range, and their types.
_ENDS = 2
_NUMBERS = (int, float)

#: Fields of one filter at most; one with more is not common.
_FEW = 8

#: Where a filter is filed: a lookup, the argument, and what is left to be checked beside equality.
#: A bare tuple, as a million of them are made.
Quick: TypeAlias = "tuple[Lookup, str, Condition | None]"

#: How filters of the same names are filed by equality: where, and the names in its order.
Way: TypeAlias = "tuple[Lookup, tuple[str, ...]]"


def quick_place(node: Node, text: str) -> Quick | None:
    """Find where a filter (JSON) is filed, or None if that takes a closer look."""
    # A code may hide a colon, and so a second member of the same name.
    if "\\u" in text or len(text) > MAX_TEXT:
        return None
    try:
        # Values are hardly ever alike: looking for them in the parser's cache takes longer.
        form = from_json(text, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        return None
    if type(form) is not dict or not 0 < len(form) <= _FEW:
        return None
    return _place(node, form, text.count(":"))


def _place(node: Node, form: dict[str, Any], colons: int) -> Quick | None:
    # With no more colons than it needs, no name is given twice.
    if colons == len(form):
        return _equal(node, form)
    ((name, value), *others) = form.items()
    word = not others and type(value) is dict and len(value) == 1
    if (not word or colons != _TWO) and colons != _colons(form):
        return None
    return _word(node, name, value) if word else _mixed(node, form)


def _equal(node: Node, form: dict[str, Any], left: Condition | None = None) -> Quick | None:
    """Place a filter of plain values."""
    names = tuple(form)
    way = node.ways.get(names) or _way(node, form)
    if way is None:
        return None
    pieces = []
    for name in way[1]:
        value = form[name]
        if type(value) is str:
            pieces.append(STRING + value)
        elif _is_plain(value):
            pieces.append(canonical(value))
        else:
            return None
    return way[0], joined(pieces) if len(pieces) > 1 else pieces[0], left


def _way(node: Node, form: dict[str, Any]) -> Way | None:
    names = tuple(form)
    order = _order(names)
    if order is None or not all(map(_is_plain, form.values())):
        return None
    paths, ordered = order
    lookup = node.shape(paths) if len(paths) > 1 else node.lookup(paths[0], "equal")
    node.ways[names] = (lookup, ordered)
    return lookup, ordered


def _word(node: Node, name: str, value: dict[str, Any]) -> Quick | None:
    """Place a filter of one field and one word."""
    ((word, piece),) = value.items()
    if word == _BETWEEN:
        argument = interval_key(*piece) if _is_range(piece) else None
    else:
        argument = piece if _is_text(word, piece) else None
    if argument is None:
        return None
    lookup = node.words.get((name, word)) or _lookup(node, name, word)
    return None if lookup is None else (lookup, argument, None)


def _lookup(node: Node, name: str, word: str) -> Lookup | None:
    path = _path(name)
    if path is None:
        return None
    lookup = node.lookup(path, _KINDS[word])
    node.words[name, word] = lookup
    return lookup


def _mixed(node: Node, form: dict[str, Any]) -> Quick | None:
    """Place a filter with more than plain values, or with colons in them."""
    equal = {name: value for name, value in form.items() if type(value) is not dict}
    if not equal:
        return None
    rest = [to_json({name: form[name]}) for name in form if name not in equal]
    left = _left(rest, equal) if rest else None
    return None if rest and left is None else _equal(node, equal, left and shared(left))


def _colons(value: Any) -> int:
    """Count the colons that a value has when it is written as JSON, without blanks."""
    if type(value) is str:
        return value.count(":")
    if type(value) is dict:
        return sum(1 + name.count(":") + _colons(inner) for name, inner in value.items())
    return sum(map(_colons, value)) if type(value) is list else 0


def _is_text(word: str, piece: object) -> bool:
    """Tell whether a word takes the text: expressions must compile.

    The empty text is not contained: `Filter` knows where it is filed.
    """
    if word not in _KINDS or type(piece) is not str or not piece:
        return False
    try:
        return word != "like" or bool(Like(piece))
    except InvalidFilter:
        return False


def _is_plain(value: Any) -> bool:
    kind = type(value)
    return kind in _PLAIN or (kind is float and math.isfinite(value))


def _is_range(piece: Any) -> bool:
    if type(piece) is not list or len(piece) != _ENDS:
        return False
    low, high = piece
    numbers = type(low) in _NUMBERS and type(high) in _NUMBERS
    return numbers and -math.inf < low <= high < math.inf


@functools.lru_cache(maxsize=10_000)
def _path(name: str) -> Path | None:
    """Give the path of a field's name, or None when it is not plainly one."""
    names = name.split(".")
    if name in WORDS or name.startswith("@") or "\\" in name or not all(names):
        return None
    return (DATA, *names)


def _left(rest: list[bytes], names: Collection[str]) -> Condition | None:
    """Read what is asked beside equalities, or None unless it is of other fields altogether."""
    roots = {path[:2] for name in names if (path := _path(name)) is not None}
    read = [_read(each) for each in rest]
    conditions = [found for found, asked in read if found is not None and not asked & roots]
    return all_of(conditions) if roots and len(conditions) == len(rest) else None


@functools.lru_cache(maxsize=10_000)
def read_left(text: str) -> Condition:
    """Read what is left to be checked beside equalities, field by field, as many are alike."""
    form = from_json(text, cache_strings="keys")
    read = [_read(to_json({name: value}))[0] for name, value in form.items()]
    conditions = [condition for condition in read if condition is not None]
    return all_of(conditions) if len(conditions) == len(form) else read_text(text)


@functools.lru_cache(maxsize=10_000)
def _read(text: bytes) -> tuple[Condition | None, frozenset[Path]]:
    """Read a condition, and at which fields of the event it looks; None if that is not plain."""
    try:
        condition = read_text(text.decode())
    except InvalidFilter:
        return None, frozenset()
    paths = [each.path for each in conjuncts(condition)]
    apart = paths and all(len(path) > 1 for path in paths)
    return condition if apart else None, frozenset(path[:2] for path in paths)


@functools.lru_cache(maxsize=10_000)
def _order(names: tuple[str, ...]) -> tuple[tuple[Path, ...], tuple[str, ...]] | None:
    """Give paths in the order of a shape, and the names they have in the filter."""
    found = {path: name for name in names if (path := _path(name)) is not None}
    if len(found) < len(names):
        return None
    paths = tuple(sorted(found))
    for left in paths:
        for right in paths:
            if left != right and right[: len(left)] == left:
                return None
    return paths, tuple(found[path] for path in paths)
