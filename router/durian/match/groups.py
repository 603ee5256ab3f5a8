"""Join conditions in Python: `AllOf`, `AnyOf` and `Not` take matchers, plain values and filters."""

from __future__ import annotations

from durian.match.condition import Condition, Nowhere
from durian.match.reading import all_of, any_of, read_value


def AllOf(*parts: object) -> Condition:  # noqa: N802 (a word of the filter language, as matchers are)
    """Every part must hold: `Filter(name=AllOf(Startswith("J"), Endswith("e")))`."""
    return all_of(read_value(part, "all-of", root=True) for part in parts)


def AnyOf(*parts: object) -> Condition:  # noqa: N802 (a word of the filter language)
    """At least one part must hold: `Filter(name=AnyOf("Joe", Startswith("Ja")))`."""
    return any_of(read_value(part, "any-of", root=True) for part in parts)


def Not(part: object) -> Condition:  # noqa: N802 (a word of the filter language)
    """The opposite: `Filter(name=Not("Joe"))` also holds where there is no name."""
    return Nowhere(read_value(part, "not", root=True))
