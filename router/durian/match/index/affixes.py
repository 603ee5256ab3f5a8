"""Prefixes and suffixes: for each length that is in use, that much of the value is looked up.

Of each length the characters at the cut are known: a string that has another one there is not
looked up. For what people ask for, ends such as `@shop.example`, that is nearly every string.
"""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_left, bisect_right
from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from durian.match.index.lookup import Ids, Store, TableLookup
from durian.match.index.posting import Item
from durian.match.index.shards import MASK

if TYPE_CHECKING:
    from durian.match.index.place import Place
    from durian.match.index.search import Search

#: How a piece of one length is cut off: the length, where the cut is, the characters that a string
#: must have there (any will do if there are none), and the slice.
Cut: TypeAlias = "tuple[int, int, str, slice]"

#: Characters at the cut that are looked for at most; with more of them, little would be ruled out.
_EDGES = 64


class _Affixes(TableLookup):
    """Finds by a piece of a string, of any of the lengths in use."""

    __slots__ = ("_cuts", "_edges", "_fold")

    def __init__(self, store: Store, place: Place, *, fold: bool = False) -> None:
        super().__init__(store, place)
        self._fold = fold
        #: Of each length in use, how many have which character at the cut.
        self._edges: dict[int, Counter[str]] = {}
        #: By length, the shortest first. Replaced as a whole, for readers.
        self._cuts: tuple[Cut, ...] = ()

    def put(self, argument: str, item: Item) -> str:
        """File by a piece of text."""
        self._count(len(argument), self.edge(argument), 1)
        return super().put(argument, item)

    def refill(self, arguments: list[str], items: list[Ids]) -> list[str]:
        """File many by pieces of text."""
        counted = Counter(zip(map(len, arguments), map(self.edge, arguments), strict=True))
        for argument, item in zip(arguments, items, strict=True):
            if type(item) is not str:
                counted[len(argument), self.edge(argument)] += len(item) - 1
        for (length, edge), count in counted.items():
            self._count(length, edge, count)
        return super().refill(arguments, items)

    def discard(self, argument: str, item: Item) -> None:
        """Take away from under a piece of text."""
        super().discard(argument, item)
        self._count(len(argument), self.edge(argument), -1)

    def _count(self, length: int, edge: str, change: int) -> None:
        edges = self._edges.get(length)
        if edges is None:
            edges = self._edges[length] = Counter()
        before = edges.get(edge, 0)
        edges[edge] = before + change
        if before and edges[edge]:
            return
        if not edges[edge]:
            del edges[edge]
        if not edges:
            del self._edges[length]
        if len(edges) <= _EDGES + 1:
            self._cut(length, edges)

    def _cut(self, length: int, edges: Counter[str]) -> None:
        """Put anew how a piece of one length is cut off; without edges, none is any more."""
        few = "".join(edges) if len(edges) <= _EDGES else ""
        cuts = ((length, self.at(length), few, self.cut(length)),) if edges else ()
        at = bisect_left(self._cuts, length, key=itemgetter(0))
        behind = bisect_right(self._cuts, length, key=itemgetter(0))
        self._cuts = (*self._cuts[:at], *cuts, *self._cuts[behind:])

    def find(self, value: Any, search: Search) -> None:
        """Look up a piece of each length."""
        if type(value) is not str:
            return
        text = value.casefold() if self._fold else value
        size, prefix, parts = len(text), self.prefix, self.store.table.parts
        for length, at, edges, cut in self._cuts:
            if length > size:
                break
            if edges and text[at] not in edges:
                continue
            key = prefix + text[cut]
            posting = parts[hash(key) & MASK].get(key)
            if posting is not None:
                search.hits.append(posting)

    @staticmethod
    @abstractmethod
    def cut(length: int) -> slice:
        """Say how a piece of that length is cut off."""

    @staticmethod
    @abstractmethod
    def at(length: int) -> int:
        """Say where in a string the character at the cut is."""

    @staticmethod
    @abstractmethod
    def edge(piece: str) -> str:
        """Give the character of a piece that is at the cut, if it has any."""


class Prefixes(_Affixes):
    """Finds by how a string starts."""

    __slots__ = ()

    @staticmethod
    def cut(length: int) -> slice:
        """Cut off the start."""
        return slice(length)

    @staticmethod
    def at(length: int) -> int:
        """Its last character."""
        return length - 1

    @staticmethod
    def edge(piece: str) -> str:
        """Its last character."""
        return piece[-1:]


class Suffixes(_Affixes):
    """Finds by how a string ends."""

    __slots__ = ()

    @staticmethod
    def cut(length: int) -> slice:
        """Cut off the end."""
        # Of nothing, minus zero would be all.
        return slice(-length, None) if length else slice(0)

    @staticmethod
    def at(length: int) -> int:
        """Its first character."""
        return -length

    @staticmethod
    def edge(piece: str) -> str:
        """Its first character."""
        return piece[:1]
