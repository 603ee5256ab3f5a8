"""The quick way in for the most common filters: a few fields with plain values, or one text.

A registry hands over its listeners by the hundred thousand, nearly all of such filters. Reading
them needs no tree of conditions, so none is made; what is asked beside plain values is often alike,
and is read once. Whatever is not plainly one of these is left to `Filter`, which decides what it
means and refuses what is wrong.
"""

from __future__ import annotations

import functools
import json
import math
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic_core import from_json

from durian.errors import InvalidFilter
from durian.match.condition import Condition
from durian.match.index.access import conjuncts
from durian.match.index.intervals import interval_key
from durian.match.index.paths import DATA, Path
from durian.match.index.shapes import argument
from durian.match.limits import MAX_TEXT
from durian.match.parsing import read_text
from durian.match.reading import WORDS
from durian.match.values import canonical, is_number

if TYPE_CHECKING:
    from durian.match.index.lookup import Lookup
    from durian.match.index.node import Node

#: Words whose argument is filed as it is, and the kinds of lookups for them.
_TEXTS = {"startswith": "prefix", "endswith": "suffix", "contains": "contains"}

#: Fields of one filter at most; one with more is not common.
_FEW = 8

#: Colons in the JSON of a field with one word.
_TWO = 2


#: Where a filter is filed: a lookup, the argument, and what is left to be checked beside equality.
#: A bare tuple, as a million of them are made.
Quick: TypeAlias = "tuple[Lookup, str, Condition | None]"


def quick_place(node: Node, text: str) -> Quick | None:
    """Find where a filter (JSON) is filed, or None if that takes a closer look."""
    # A backslash may hide a name, a surrogate or a second member of the same name.
    plain = "\\" not in text and len(text) <= MAX_TEXT
    try:
        form = from_json(text, allow_inf_nan=False) if plain else None
    except ValueError:
        return None
    if type(form) is not dict or not 0 < len(form) <= _FEW:
        return None
    colons = text.count(":")
    if len(form) == 1:
        ((name, value),) = form.items()
        return _single(node, name, value, colons)
    equal = {name: value for name, value in form.items() if _is_plain(value)}
    left = None
    if len(equal) < len(form):
        rest = json.dumps({name: form[name] for name in form if name not in equal})
        colons -= rest.count(":")
        left = _left(rest, tuple(equal))
        if left is None:
            return None
    # With no more colons than it needs, no name is given twice.
    if colons != len(equal):
        return None
    return _equalities(node, equal, left)


def _equalities(node: Node, equal: dict[str, Any], left: Condition | None) -> Quick | None:
    order = _order(tuple(equal))
    if order is None:
        return None
    paths, names = order
    if len(paths) > 1:
        return (node.shape(paths), argument([equal[name] for name in names]), left)
    return (node.lookup(paths[0], "equal"), canonical(equal[names[0]]), left)


def _single(node: Node, name: str, value: Any, colons: int) -> Quick | None:
    path = _path(name)
    if path is None:
        return None
    if colons == 1 and _is_plain(value):
        return (node.lookup(path, "equal"), canonical(value), None)
    if colons != _TWO or type(value) is not dict or len(value) != 1:
        return None
    ((word, piece),) = value.items()
    # The empty text is not contained: `Filter` knows where it is filed.
    if word in _TEXTS and type(piece) is str and piece:
        return (node.lookup(path, _TEXTS[word]), piece, None)
    if word == "between" and _is_range(piece):
        return (node.lookup(path, "number-interval"), interval_key(*piece), None)
    return None


def _is_range(piece: Any) -> bool:
    if type(piece) is not list or len(piece) != _TWO:
        return False
    low, high = piece
    return all(is_number(end) and _is_plain(end) for end in piece) and low <= high


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is float:
        return math.isfinite(value)
    return kind is str or kind is int or kind is bool or value is None


@functools.lru_cache(maxsize=10_000)
def _path(name: str) -> Path | None:
    """Give the path of a field's name, or None when it is not plainly one."""
    names = name.split(".")
    if name in WORDS or name.startswith("@") or not all(names):
        return None
    return (DATA, *names)


@functools.lru_cache(maxsize=10_000)
def _left(text: str, names: tuple[str, ...]) -> Condition | None:
    """Read what is asked beside equalities, or None unless it is of other fields altogether."""
    roots = {path[:2] for name in names if (path := _path(name)) is not None}
    try:
        condition = read_text(text)
    except InvalidFilter:
        return None
    paths = [each.path for each in conjuncts(condition)]
    apart = all(len(path) > 1 and path[:2] not in roots for path in paths)
    return condition if roots and paths and apart else None


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
