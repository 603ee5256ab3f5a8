"""Equalities of a filter: all of them together make one key, wherever that is possible."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from typing import Any

from durian.match.condition import Condition
from durian.match.index.entries import Entry
from durian.match.index.paths import Path
from durian.match.index.shapes import argument
from durian.match.matchers import In, Is
from durian.match.values import canonical, is_scalar

#: Keys that one filter's alternatives (`in`) may multiply to.
MAX_KEYS = 16

#: Alternatives of a single field, where nothing multiplies.
MAX_ALTERNATIVES = 512


def equality_cover(
    pairs: list[tuple[Path, Condition]], skip: Collection[tuple[Path, str]]
) -> tuple[tuple[Entry, ...], frozenset[int]] | None:
    """Give the entries by equality and which conjuncts they answer, or None without any."""
    asked: dict[Path, list[Any]] = {}
    numbers: dict[Path, int] = {}
    for number, (path, condition) in enumerate(pairs):
        values = _values(condition)
        # A second equality of the same path is left to be checked.
        if values and path not in asked and (path, "equal") not in skip:
            asked[path] = values
            numbers[path] = number
    while asked and _product_size(asked) > (MAX_KEYS if len(asked) > 1 else MAX_ALTERNATIVES):
        del asked[max(asked, key=lambda path: len(asked[path]))]
    if not asked:
        return None
    answered: frozenset[int] = (
        frozenset() if _nested(asked) else frozenset(numbers[path] for path in asked)
    )
    if len(asked) == 1:
        ((path, values),) = asked.items()
        return tuple(Entry(path, "equal", canonical(value)) for value in values), answered
    paths = tuple(sorted(asked))
    keys = itertools.product(*(asked[path] for path in paths))
    return tuple(Entry(paths[0], "shape", argument(key), paths) for key in keys), answered


def _values(condition: Condition) -> list[Any]:
    match condition:
        case Is(value, False) if is_scalar(value):
            return [value]
        case In(values, False):
            return list({canonical(value): value for value in values}.values())
    return []


def _product_size(asked: dict[Path, list[Any]]) -> int:
    size = 1
    for values in asked.values():
        size *= len(values)
    return size


def _nested(paths: Collection[Path]) -> bool:
    """Tell whether one path leads through another, whose value cannot be a plain one then."""
    return any(left != right and right[: len(left)] == left for left in paths for right in paths)
