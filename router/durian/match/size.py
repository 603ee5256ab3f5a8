"""The size of a filter: how much there is to decide, and how deep."""

from __future__ import annotations

from durian.match.condition import Attribute, Condition, Either, Every, Field, Nowhere
from durian.match.limits import MAX_CONDITIONS, MAX_DEPTH, check
from durian.match.matchers import AnythingBut, In


def check_size(condition: Condition) -> None:
    """Raise InvalidFilter when a filter has too many conditions, or nests them too deep."""
    count = 0
    level = [condition]
    depth = 0
    while level:
        count += sum(_weight(part) for part in level)
        level = [inner for part in level for inner in _parts(part)]
        depth += bool(level)
        check("filter", "the number of conditions", count, MAX_CONDITIONS)
        check("filter", "the depth of nesting", depth, MAX_DEPTH)


def _parts(condition: Condition) -> tuple[Condition, ...]:
    match condition:
        case Every(parts) | Either(parts):
            return parts
        case Nowhere(part) | Field(_, part) | Attribute(_, part):
            return (part,)
    return ()


def _weight(condition: Condition) -> int:
    match condition:
        case In(values):
            return len(values)
        case AnythingBut(parts):
            return 1 + sum(map(_weight, parts))
        case Every() | Either() | Nowhere() | Field() | Attribute():
            return 0
    return 1
