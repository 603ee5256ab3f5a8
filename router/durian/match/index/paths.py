"""Paths within the index: where a value comes from, as one tuple.

`(DATA, "address", "city")` is a field of the data, `(ENVELOPE, "source")` an attribute.
"""

from __future__ import annotations

from durian.match.condition import Attribute, Condition, Field

Path = tuple[str, ...]

#: First in the path of a field.
DATA = ""
#: First in the path of an attribute.
ENVELOPE = "@"


def at_path(path: Path, condition: Condition) -> Condition:
    """Make a condition on the root that asks the condition at the path."""
    first = 2 if path[0] == ENVELOPE else 1
    for name in reversed(path[first:]):
        condition = Field(name, condition)
    return Attribute(path[1], condition) if path[0] == ENVELOPE else condition
