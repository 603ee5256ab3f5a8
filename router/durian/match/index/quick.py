"""The quick way in for the most common filters: a few fields with plain values, or one text.

A registry hands over its listeners by the hundred thousand, nearly all of such filters. Reading
them needs no tree of conditions, so none is made. Whatever is not plainly one of these is left to
`Filter`, which decides what it means and refuses what is wrong.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from durian.match.index.paths import DATA, Path
from durian.match.index.shapes import argument
from durian.match.limits import MAX_TEXT
from durian.match.reading import WORDS
from durian.match.values import canonical

if TYPE_CHECKING:
    from durian.match.index.lookup import Lookup
    from durian.match.index.node import Node

#: Words whose argument is filed as it is, and the kinds of lookups for them.
_TEXTS = {"startswith": "prefix", "endswith": "suffix", "contains": "contains"}

#: Fields of one filter at most; one with more is not common.
_FEW = 8

#: Colons in the JSON of a field with one word.
_TWO = 2


def quick_place(node: Node, text: str) -> tuple[Lookup, str] | None:
    """Give the lookup and the argument by which a filter (JSON) is filed, or None."""
    # A backslash may hide a name, a surrogate or a second member of the same name.
    plain = "\\" not in text and len(text) <= MAX_TEXT
    try:
        form = from_json(text, allow_inf_nan=False) if plain else None
    except ValueError:
        return None
    if type(form) is not dict or not 0 < len(form) <= _FEW:
        return None
    # With no more colons than it needs, no name is given twice.
    colons = text.count(":")
    if len(form) == 1:
        ((name, value),) = form.items()
        return _single(node, name, value, colons)
    order = _order(tuple(form)) if colons == len(form) else None
    if order is None or not all(map(_is_plain, form.values())):
        return None
    paths, names = order
    return node.shape(paths), argument([form[name] for name in names])


def _single(node: Node, name: str, value: Any, colons: int) -> tuple[Lookup, str] | None:
    path = _path(name)
    if path is None:
        return None
    if colons == 1 and _is_plain(value):
        return node.place(path).lookup("equal"), canonical(value)
    if colons != _TWO or type(value) is not dict or len(value) != 1:
        return None
    ((word, piece),) = value.items()
    # The empty text is not contained: `Filter` knows where it is filed.
    if word not in _TEXTS or type(piece) is not str or not piece:
        return None
    return node.place(path).lookup(_TEXTS[word]), piece


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
