r"""Paths: where in an event a condition looks.

`address.city` is the member `city` of the member `address` of the event's data. `@source` is an
attribute of the envelope. A backslash takes the next character as it is: `a\.b` is one member
named `a.b`, and `\@id` a member named `@id`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from durian.errors import InvalidFilter

#: Members deep that a path may go: as deep as events may be nested.
MAX_DEPTH = 64

#: What needs a backslash within a member's name.
_SPECIAL = re.compile(r"[\\.]")


def split_path(path: str, where: str = "") -> tuple[str, ...]:
    """Split a path into its members' names. InvalidFilter (about `where`): one is empty."""
    names: list[str] = []
    name = ""
    rest = iter(path)
    for letter in rest:
        if letter == "\\":
            name += next(rest, "\\")
        elif letter == ".":
            names.append(name)
            name = ""
        else:
            name += letter
    names.append(name)
    if not all(names):
        raise InvalidFilter(where or path or "(empty)", "has an empty name in its path")
    if len(names) > MAX_DEPTH:
        raise InvalidFilter(
            where or path, f"is {len(names)} members deep, the limit is {MAX_DEPTH}"
        )
    return tuple(names)


def join_path(names: Iterable[str]) -> str:
    """Write a path such that `split_path` reads the same names."""
    return ".".join(_SPECIAL.sub(r"\\\g<0>", name) for name in names)
