"""Read a filter's JSON form (or the same in Python objects) into conditions."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any

from durian.errors import InvalidFilter
from durian.match.condition import Attribute, Condition, Either, Every, Field, Nowhere
from durian.match.limits import MAX_DEPTH, MAX_TEXT, check
from durian.match.matchers import MATCHERS, Is
from durian.match.path import split_path

#: Words that join conditions.
GROUPS = frozenset({"all-of", "any-of", "not"})

#: Every word that a filter's object may hold beside names of fields.
WORDS = frozenset(MATCHERS) | GROUPS

#: Below this likeness a name is a field's; above it is taken for a slip of the pen.
_LIKENESS = 0.84


def read_object(
    mapping: Mapping[str, Any], path: str = "", *, root: bool = True, depth: int = 0
) -> Condition:
    """Read an object: its words and fields must all hold.

    `path` says where it stands, for errors; attributes (`@source`) are known at the root only.
    Raises InvalidFilter about the path of what cannot be understood.
    """
    check(path or "filter", "the depth of nesting", depth, MAX_DEPTH)
    members = mapping.items()
    return all_of(_read_member(name, value, path, root, depth + 1) for name, value in members)


def read_field(
    name: str, value: Any, path: str = "", *, root: bool = True, depth: int = 0
) -> Condition:
    """Read what is asked of one field, given by its dotted path, or of an attribute (`@source`)."""
    here = f"{path}.{name}" if path else name
    if root and name.startswith("@"):
        if not name[1:].isascii() or not name[1:].isalnum():
            hint = "Attributes are named as @source is; fields of the data are written without @."
            raise InvalidFilter(here, "is not the name of an attribute", hint=hint)
        return Attribute(name[1:], read_value(value, here, root=False, depth=depth))
    names = split_path(name, here)
    part = read_value(value, here, root=False, depth=depth)
    for inner in reversed(names):
        part = Field(inner, part)
    return part


def read_value(value: Any, path: str, *, root: bool, depth: int = 0) -> Condition:
    """Read what stands behind a name: an object of conditions, or a plain value to be equal to."""
    part = getattr(value, "condition", value)
    if isinstance(part, Condition):
        if not root and _looks_at_envelope(part):
            hint = "Move it out of the field: attributes are the whole event's."
            raise InvalidFilter(path, "asks for an attribute within a field", hint=hint)
        return part
    if isinstance(value, Mapping):
        return read_object(value, path, root=root, depth=depth)
    if isinstance(value, list | tuple):
        hint = 'Write {"in": [...]} for any of them, or {"is": [...]} for exactly this array.'
        reason = "is a bare array, which could mean two things"
        raise InvalidFilter(path or "filter", reason, hint=hint)
    return Is(check_json(value, path))


def all_of(parts: Iterable[Condition]) -> Condition:
    """Join conditions such that those on the same field hold for the same element of an array."""
    joined: list[Condition] = []
    for part in parts:
        for each in part.parts if isinstance(part, Every) else (part,):
            _join(joined, each)
    return joined[0] if len(joined) == 1 else Every(tuple(joined))


def any_of(parts: Iterable[Condition], path: str = "any-of") -> Condition:
    """Join alternatives. Raises InvalidFilter (about the path) when there are none."""
    joined: dict[Condition, None] = {}
    for part in parts:
        joined |= dict.fromkeys(part.parts if isinstance(part, Either) else (part,))
    if not joined:
        raise InvalidFilter(path, "takes at least one condition")
    # Even a single one stays a group: joined to what is around it, it would have to hold for the
    # same element of an array.
    return Either(tuple(joined))


def meant_word(name: str) -> str:
    """Give the word that a name within a field must have been meant to be, or an empty string."""
    close = difflib.get_close_matches(name.lower(), WORDS, 1, _LIKENESS)
    return close[0] if close else ""


def check_json(value: Any, path: str) -> Any:
    """Give the value back when JSON can hold it; else raise InvalidFilter about the path."""
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidFilter(path, "is not a finite number")
    if value is None or type(value) in (bool, int, float):
        return value
    if type(value) is str:
        check(path, "the number of characters", len(value), MAX_TEXT)
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise InvalidFilter(path, "holds a lone surrogate, which is not Unicode text")
        return value
    if type(value) in (list, tuple):
        return [check_json(item, path) for item in value]
    if type(value) is dict and all(type(name) is str for name in value):
        return {check_json(name, path): check_json(item, path) for name, item in value.items()}
    raise InvalidFilter(path, f"holds {value!r}, which JSON cannot")


def _read_member(name: str, value: Any, path: str, root: bool, depth: int) -> Condition:  # noqa: FBT001 (as its callers have it)
    if not isinstance(name, str):
        raise InvalidFilter(path or "filter", f"has {name!r} where a name should be")
    here = f"{path}.{name}" if path else name
    if name in MATCHERS:
        return _read_matcher(name, value, here)
    if name == "not":
        return Nowhere(read_value(value, here, root=root, depth=depth))
    if name in GROUPS:
        if not isinstance(value, list | tuple):
            raise InvalidFilter(here, "takes an array of conditions")
        parts = [
            read_value(part, f"{here}[{at}]", root=root, depth=depth)
            for at, part in enumerate(value)
        ]
        return all_of(parts) if name == "all-of" else any_of(parts, here)
    if not root:
        _check_spelling(name, here)
    return read_field(name, value, path, root=root, depth=depth)


def _read_matcher(word: str, value: Any, path: str) -> Condition:
    try:
        return MATCHERS[word](check_json(value, path))
    except InvalidFilter as exc:
        if exc.field == path:
            raise
        hint = exc.advice
        if isinstance(value, Mapping):
            hint = f'If "{word}" is the name of a field, write it as "\\\\{word}".'
        raise InvalidFilter(path, exc.reason, hint=hint) from exc


def _check_spelling(name: str, path: str) -> None:
    meant = meant_word(name)
    if meant:
        hint = f'Did you mean "{meant}"? If it is the name of a field, write it as "\\\\{name}".'
        raise InvalidFilter(path, f"there is no matcher {name!r}", hint=hint)


def _join(joined: list[Condition], part: Condition) -> None:
    if isinstance(part, Field | Attribute):
        for at, other in enumerate(joined):
            if type(other) is type(part) and other.name == part.name:
                joined[at] = type(part)(part.name, all_of((other.part, part.part)))
                return
    joined.append(part)


def _looks_at_envelope(condition: Condition) -> bool:
    match condition:
        case Attribute():
            return True
        case Every(parts) | Either(parts):
            return any(map(_looks_at_envelope, parts))
        case Nowhere(part) | Field(_, part):
            return _looks_at_envelope(part)
    return False
