"""Access: by which of its conditions a filter is best filed.

A cover is a set of entries of which an event must meet at least one to be wanted. Of all covers of
a filter the most selective is chosen. It is exact when meeting an entry is all that is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from durian.match.condition import Attribute, Condition, Either, Every, Field
from durian.match.index.entries import Entry, matcher_cover
from durian.match.index.equalities import equality_cover
from durian.match.index.paths import DATA, ENVELOPE, Path
from durian.match.index.ranges import interval_covers
from durian.match.matchers import Any_

#: What a sub-node's listeners were found by already: it would not tell them apart.
Skip = frozenset[tuple[Path, str]]

#: The rank of a range with two ends.
_INTERVAL = 20

#: Entries of one cover at most: each takes memory.
MAX_ENTRIES = 512


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition, and the path of the value it looks at."""

    path: Path
    condition: Condition


@dataclass(frozen=True, slots=True)
class Cover:
    """Entries of which one must be met."""

    entries: tuple[Entry, ...]
    #: The lower, the fewer events are expected to meet it.
    rank: float
    exact: bool
    #: Where that is not all that is asked: the conjuncts that are left to be checked, by equality
    #: of others that have nothing to do with them. Empty where everything is to be checked.
    left: tuple[Asked, ...] = ()


def conjuncts(condition: Condition, path: Path = (DATA,)) -> list[Asked]:
    """List what must hold all together, each with its path. Empty when everything is wanted."""
    match condition:
        case Every(parts):
            return [each for part in parts for each in conjuncts(part, path)]
        case Field(name, part):
            return conjuncts(part, (*path, name))
        case Attribute(name, part):
            return conjuncts(part, (ENVELOPE, name))
    return [Asked(path, condition)]


def meaningful(asked: list[Asked]) -> list[Asked]:
    """Leave out what always holds: `any` of a field of the data or of an attribute.

    Only where nothing is asked of the data as a whole, which could be an array: asked of that
    itself, no field of it holds anything.
    """
    if any(len(each.path) == 1 for each in asked):
        return asked
    shallow = 2
    return [
        each for each in asked if not isinstance(each.condition, Any_) or len(each.path) > shallow
    ]


def best_cover(asked: list[Asked], skip: Skip = frozenset()) -> Cover | None:
    """Choose the best cover of what must hold all together, or None when there is none."""
    pairs = [(each.path, each.condition) for each in asked]
    equal = equality_cover(pairs, skip)
    if equal is not None:
        entries, answered = equal
        exact = len(answered) == len(asked)
        left = () if exact or len(entries) > 1 else _apart(asked, answered)
        return Cover(entries, 0, exact, left)
    covers = [cover for each in asked if (cover := _cover(each, skip)) is not None]
    covers = [Cover(each.entries, each.rank, each.exact and len(asked) == 1) for each in covers]
    for entry, count in interval_covers(pairs, skip):
        covers.append(Cover((entry,), _INTERVAL, exact=count == len(asked)))
    return min(covers, key=lambda cover: cover.rank, default=None)


def _apart(asked: list[Asked], answered: Collection[int]) -> tuple[Asked, ...]:
    """Give what is not answered, if it looks at other fields of the event altogether."""
    left = [each for number, each in enumerate(asked) if number not in answered]
    roots = {asked[number].path[:2] for number in answered}
    apart = roots and all(len(each.path) > 1 and each.path[:2] not in roots for each in left)
    return tuple(left) if apart else ()


def _cover(asked: Asked, skip: Skip) -> Cover | None:
    """Cover a single conjunct."""
    if isinstance(asked.condition, Either):
        return _either_cover(asked.condition, asked.path, skip)
    found = matcher_cover(asked.path, asked.condition)
    if found is None:
        return None
    entries, rank, exact = found
    if any((entry.path, entry.kind) in skip for entry in entries):
        return None
    return Cover(entries, rank, exact)


def _either_cover(either: Either, path: Path, skip: Skip) -> Cover | None:
    """Cover a choice: every alternative must be covered."""
    covers = []
    for part in either.parts:
        cover = best_cover(meaningful(conjuncts(part, path)), skip)
        if cover is None:
            return None
        covers.append(cover)
    entries = tuple(dict.fromkeys(entry for cover in covers for entry in cover.entries))
    if len(entries) > MAX_ENTRIES:
        return None
    rank = max(cover.rank for cover in covers) + 1
    return Cover(entries, rank, exact=all(cover.exact for cover in covers))


def open_questions(asked: list[Asked], skip: Skip) -> list[Asked]:
    """Leave out what a sub-node's listeners were found by already, and so need not ask again."""
    if not skip:
        return asked
    answers = [_answer(each) for each in asked]
    once = Counter(answers)
    return [
        each
        for each, answer in zip(asked, answers, strict=True)
        if answer not in skip or once[answer] > 1
    ]


def _answer(asked: Asked) -> tuple[Path, str]:
    """Give by what an entry would answer a conjunct in full, or an empty kind."""
    cover = best_cover([asked])
    if cover is None or not cover.exact:
        return asked.path, ""
    kinds = {entry.kind for entry in cover.entries}
    return asked.path, kinds.pop() if len(kinds) == 1 else ""
