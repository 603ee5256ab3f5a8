"""Matches: the ids of all listeners that want one event, without copying large groups of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import overload


class Matches(Sequence[str]):
    """Ids from several groups, one after the other."""

    __slots__ = ("_groups",)

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        self._groups = groups

    def __len__(self) -> int:
        return sum(map(len, self._groups))

    def __iter__(self) -> Iterator[str]:
        return itertools.chain.from_iterable(self._groups)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return list(self)[index]
        at = index + len(self) if index < 0 else index
        for group in self._groups:
            if 0 <= at < len(group):
                return group[at]
            at -= len(group)
        raise IndexError(index)
