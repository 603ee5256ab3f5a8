"""Prefixes and suffixes: for each length that is in use, that much of the value is looked up."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from typing import TYPE_CHECKING, Any

from durian.match.index.lookup import Ids, Store, TableLookup
from durian.match.index.posting import Item
from durian.match.index.shards import MASK

if TYPE_CHECKING:
    from durian.match.index.place import Place
    from durian.match.index.search import Search


class _Affixes(TableLookup):
    """Finds by a piece of a string, of any of the lengths in use."""

    __slots__ = ("_cuts", "_fold", "_used")

    def __init__(self, store: Store, place: Place, *, fold: bool = False) -> None:
        super().__init__(store, place)
        self._fold = fold
        self._used: dict[int, int] = {}
        #: The lengths in use, shortest first, and how a piece of each is cut off; replaced as a
        #: whole, for readers.
        self._cuts: tuple[tuple[int, slice], ...] = ()

    def put(self, argument: str, item: Item) -> str:
        """File by a piece of text."""
        length = len(argument)
        if length in self._used:
            self._used[length] += 1
        else:
            self._count(length, 1)
        return super().put(argument, item)

    def refill(self, arguments: list[str], items: list[Ids]) -> list[str]:
        """File many by pieces of text."""
        lengths = Counter(map(len, arguments))
        for argument, item in zip(arguments, items, strict=True):
            if type(item) is not str:
                lengths[len(argument)] += len(item) - 1
        for length, count in lengths.items():
            self._count(length, count)
        return super().refill(arguments, items)

    def discard(self, argument: str, item: Item) -> None:
        """Take away from under a piece of text."""
        super().discard(argument, item)
        self._count(len(argument), -1)

    def _count(self, length: int, change: int) -> None:
        before = self._used.get(length, 0)
        self._used[length] = before + change
        if not self._used[length]:
            del self._used[length]
        if not before or length not in self._used:
            self._cuts = tuple((length, self.cut(length)) for length in sorted(self._used))

    def find(self, value: Any, search: Search) -> None:
        """Look up a piece of each length."""
        if type(value) is not str:
            return
        text = value.casefold() if self._fold else value
        size, prefix, parts = len(text), self.prefix, self.store.table.parts
        for length, cut in self._cuts:
            if length > size:
                break
            key = prefix + text[cut]
            posting = parts[hash(key) & MASK].get(key)
            if posting is not None:
                search.hits.append(posting)

    @staticmethod
    @abstractmethod
    def cut(length: int) -> slice:
        """Say how a piece of that length is cut off."""


class Prefixes(_Affixes):
    """Finds by how a string starts."""

    __slots__ = ()

    @staticmethod
    def cut(length: int) -> slice:
        """Cut off the start."""
        return slice(length)


class Suffixes(_Affixes):
    """Finds by how a string ends."""

    __slots__ = ()

    @staticmethod
    def cut(length: int) -> slice:
        """Cut off the end."""
        # Of nothing, minus zero would be all.
        return slice(-length, None) if length else slice(0)
