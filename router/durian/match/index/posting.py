"""Postings: what is filed under one key of the index.

Nearly all keys have one listener, and nearly all listeners need nothing but their key: such a
posting is the listener's id itself. Others are a `Filed`, a list of a few, or a `Bucket` of many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from durian.match.condition import Condition

if TYPE_CHECKING:
    from durian.match.index.bucket import Bucket

#: From this size on, a list becomes a Bucket.
MANY = 64


class Filed:
    """A listener that needs more than its key: its condition is still to be checked."""

    __slots__ = ("condition", "id", "keys", "several")

    def __init__(self, listener_id: str, condition: Condition | None, *, several: bool) -> None:
        self.id = listener_id
        #: What must hold of the event; None when the key says it all.
        self.condition = condition
        #: Whether it is filed under several keys, and so may be met more than once.
        self.several = several
        #: The keys it is filed under.
        self.keys: tuple[str, ...] = ()


#: One listener under a key.
Item: TypeAlias = "str | Filed"
#: All listeners under a key.
Posting: TypeAlias = "str | Filed | list[Item] | Bucket"
