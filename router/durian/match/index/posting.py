"""Postings: what is filed under one key of the index.

Nearly all keys have one listener, and nearly all listeners need nothing but their key: such a
posting is the listener's id itself. Others are a `Filed`, a tuple of a few, or a `Bucket` of many.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, TypeAlias

from durian.match.condition import Condition
from durian.match.reading import all_of

if TYPE_CHECKING:
    from durian.match.index.bucket import Bucket
    from durian.match.index.lookup import Lookup

#: From this size on, a tuple becomes a Bucket.
MANY = 64


class Filed:
    """A listener that needs more than its key: its condition is still to be checked."""

    __slots__ = ("by", "condition", "exact", "id", "keys", "several")

    def __init__(
        self,
        listener_id: str,
        condition: Condition,
        *,
        several: bool,
        exact: bool = False,
        by: Lookup | None = None,
    ) -> None:
        self.id = listener_id
        #: Whether its keys say it all, and nothing is left to be checked.
        self.exact = exact
        #: By what its key was met, when its condition is only what is left to be checked then.
        self.by = by
        #: What must hold of the event.
        self.condition = condition
        #: Whether it is filed under several keys, and so may be met more than once.
        self.several = several
        #: The keys it is filed under.
        self.keys: tuple[str, ...] = ()

    def whole(self) -> Condition:
        """Give all that must hold, that by which it was met included."""
        if self.by is None:
            return self.condition
        met = self.by.condition(self.keys[0].partition("|")[2])
        return all_of((met, self.condition))


@functools.lru_cache(maxsize=10_000)
def shared(condition: Condition) -> Condition:
    """Give an equal condition, the same one for all who ask: what is left over is often alike."""
    return condition


#: One listener under a key.
Item: TypeAlias = "str | Filed"
#: All listeners under a key.
Posting: TypeAlias = "str | Filed | tuple[Item, ...] | Bucket"
