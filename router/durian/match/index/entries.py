"""Entries: how a single matcher is filed, if it can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from durian.match.condition import Condition
from durian.match.index.bounds import bound_key
from durian.match.index.literals import literals
from durian.match.index.networks import network_key
from durian.match.index.paths import Path
from durian.match.matchers import (
    After,
    AnythingBut,
    Before,
    Cidr,
    Contains,
    Endswith,
    Exists,
    Gt,
    Gte,
    In,
    Is,
    Like,
    Lt,
    Lte,
    Startswith,
    Wildcard,
)
from durian.match.matchers.text import pieces


@dataclass(frozen=True, slots=True)
class Entry:
    """Where something is filed: the lookup's kind and path, and the argument there."""

    path: Path
    kind: str
    argument: str
    #: Of a shape, all paths; `path` is one of them then.
    paths: tuple[Path, ...] = ()


#: Entries, their rank and whether meeting one is all that is asked.
Found: TypeAlias = "tuple[tuple[Entry, ...], float, bool]"

#: Characters from which on a longer text is not counted as rarer.
_LONG = 20
#: Characters that are in too many strings to tell expressions apart.
_SHORT = 2


def matcher_cover(path: Path, condition: Condition) -> Found | None:
    """Give the cover of a matcher, or None when it cannot be filed."""
    match condition:
        case Is(value, ignore_case):
            return _equal_cover(path, (value,), ignore_case)
        case In(values, ignore_case):
            return _equal_cover(path, values, ignore_case)
        case Exists():
            return _one(path, "present", "", 80)
        case AnythingBut():
            return (Entry(path, "present", ""),), 81, False
    return _text_cover(path, condition) or _bound_cover(path, condition)


def _equal_cover(path: Path, values: tuple[object, ...], ignore_case: bool) -> Found:  # noqa: FBT001 (as the matchers have it)
    if ignore_case:
        folded = {str(value).casefold() for value in values}
        return tuple(Entry(path, "equal-folded", text) for text in folded), 5, True
    # Plain values are covered as equalities; this is a whole array or object, or one too many.
    return (Entry(path, "present", ""),), 82, False


def _text_cover(path: Path, condition: Condition) -> Found | None:
    match condition:
        case Cidr():
            return _one(path, "network", network_key(condition.parsed), 10)
        case Like(pattern):
            longest = max(map(len, literals(pattern)), default=0)
            return _one(path, "like", pattern, 45 if longest > _SHORT else 60)
        case Startswith(text, ignore_case):
            kind, found = "prefix", text
        case Endswith(text, ignore_case):
            kind, found = "suffix", text
        case Contains(text, ignore_case):
            # The empty text is in every string, which is how each starts.
            kind, found = ("contains" if text else "prefix"), text
        case Wildcard(pattern, ignore_case):
            kind, found = _rarest_piece(pattern)
        case _:
            return None
    if ignore_case:
        kind, found = kind + "-folded", found.casefold()
    rank = (45 if kind.startswith("contains") else 35) - min(len(found), _LONG)
    return (Entry(path, kind, found),), rank, not isinstance(condition, Wildcard)


def _rarest_piece(pattern: str) -> tuple[str, str]:
    """Choose the longest of a wildcard pattern's texts, and say where in a string it is."""
    first, *rest = pieces(pattern)
    last = rest.pop() if rest else ""
    middle = max(rest, key=len, default="")
    if len(middle) > max(len(first), len(last)):
        return "contains", middle
    return ("prefix", first) if len(first) >= len(last) else ("suffix", last)


def _bound_cover(path: Path, condition: Condition) -> Found | None:
    match condition:
        case Gt(bound) | Gte(bound):
            key = bound_key(bound, upper=False, included=isinstance(condition, Gte))
            return _one(path, "number-lower", key, 70)
        case Lt(bound) | Lte(bound):
            key = bound_key(bound, upper=True, included=isinstance(condition, Lte))
            return _one(path, "number-upper", key, 70)
        case After():
            key = bound_key(condition.bound_ns, upper=False, included=False)
            return _one(path, "time-lower", key, 70)
        case Before():
            key = bound_key(condition.bound_ns, upper=True, included=False)
            return _one(path, "time-upper", key, 70)
    return None


def _one(path: Path, kind: str, argument: str, rank: float) -> Found:
    return (Entry(path, kind, argument),), rank, True
