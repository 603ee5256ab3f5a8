"""A table of many entries, split so that no single one of its dicts ever takes long to grow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

_V = TypeVar("_V")

#: How many dicts. A million entries make dicts of 16,000, which grow in about a millisecond;
#: one dict of a million takes a hundred times that, and all threads wait.
SHARDS = 64

#: Selects a dict by the key's hash.
MASK = SHARDS - 1


class Shards(Generic[_V]):
    """A mapping from strings, small, or `quick` to say that a key is not there."""

    __slots__ = ("parts",)

    def __init__(self, *, quick: bool = False) -> None:
        #: The dicts, for those who look up so often that a call would cost.
        self.parts: tuple[dict[str, _V], ...] = tuple({} for _ in range(SHARDS))
        if quick:
            for part in self.parts:
                _keep_hashes(part)

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __iter__(self) -> Iterator[tuple[str, _V]]:
        for part in self.parts:
            yield from part.items()

    def get(self, key: str) -> _V | None:
        """Give what is stored, or None."""
        return self.parts[hash(key) & MASK].get(key)

    def put(self, key: str, value: _V) -> None:
        """Store, in place of what was stored."""
        self.parts[hash(key) & MASK][key] = value

    def pop(self, key: str) -> _V | None:
        """Give what was stored, and forget it."""
        return self.parts[hash(key) & MASK].pop(key, None)


def _keep_hashes(part: dict[str, Any]) -> None:
    """Let an empty dict keep the hashes of its keys with them, in eleven bytes more an entry.

    A dict whose keys have always been strings only (CPython's) reads the hash from the key itself,
    and so fetches a key from far away for every place in it that another key has taken.
    """
    other: dict[Any, Any] = part
    other[None] = None
    del other[None]
