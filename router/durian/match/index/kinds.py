"""The kinds of lookups, by the names under which `access` asks for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from durian.match.index.affixes import Prefixes, Suffixes
from durian.match.index.bounds import Bounds
from durian.match.index.equal import Equal, EqualFolded, Present
from durian.match.index.expressions import Expressions
from durian.match.index.intervals import Intervals, time_scale
from durian.match.index.networks import Networks
from durian.match.index.substrings import Substrings
from durian.match.values import is_number

if TYPE_CHECKING:
    from durian.match.index.lookup import Lookup, Store
    from durian.match.index.place import Place


def _number(value: object) -> float | None:
    return value if is_number(value) else None  # type: ignore[return-value]  # is_number says so


#: Makers of lookups. Folded ones ignore case; bounds are of ranges open at one end.
KINDS: dict[str, Callable[[Store, Place], Lookup]] = {
    "equal": Equal,
    "equal-folded": EqualFolded,
    "present": Present,
    "prefix": Prefixes,
    "prefix-folded": partial(Prefixes, fold=True),
    "suffix": Suffixes,
    "suffix-folded": partial(Suffixes, fold=True),
    "network": Networks,
    "number-interval": partial(Intervals, scale=_number),
    "time-interval": partial(Intervals, scale=time_scale),
    "number-lower": partial(Bounds, scale=_number, upper=False),
    "number-upper": partial(Bounds, scale=_number, upper=True),
    "time-lower": partial(Bounds, scale=time_scale, upper=False),
    "time-upper": partial(Bounds, scale=time_scale, upper=True),
    "contains": Substrings,
    "contains-folded": partial(Substrings, fold=True),
    "like": Expressions,
}
