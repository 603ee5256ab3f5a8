"""Substrings: the pieces of text that are asked for, found in a string all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durian.match.index.lookup import Ids, Store, TableLookup
from durian.match.index.posting import Item
from durian.match.index.words import Words

if TYPE_CHECKING:
    from durian.match.index.place import Place
    from durian.match.index.search import Search


class Substrings(TableLookup):
    """Finds by the pieces that are in a string."""

    __slots__ = ("_fold", "_words")

    def __init__(self, store: Store, place: Place, *, fold: bool = False) -> None:
        super().__init__(store, place)
        self._fold = fold
        self._words = Words() if fold else place.shared_words()

    def put(self, argument: str, item: Item) -> str:
        """File by a piece of text."""
        key = super().put(argument, item)
        self._words.get(argument).wanted = True
        return key

    def refill(self, arguments: list[str], items: list[Ids]) -> list[str]:
        """File many by pieces of text."""
        keys = super().refill(arguments, items)
        self._words.fill(arguments)
        for argument in arguments:
            self._words.get(argument).wanted = True
        return keys

    def compact(self) -> None:
        """Make as few automata as can be."""
        self._words.compact()

    def discard(self, argument: str, item: Item) -> None:
        """Take away from under a piece of text."""
        super().discard(argument, item)
        if self.store.table.get(self.prefix + argument) is None:
            word = self._words.get(argument)
            word.wanted = False
            self._words.release(word)

    def find(self, value: Any, search: Search) -> None:
        """Find the pieces that are in the value."""
        if type(value) is not str:
            return
        for word in self._words.find(value.casefold() if self._fold else value):
            # The set of words is shared with expressions that need some of them.
            if word.wanted:
                posting = self.store.table.get(self.prefix + word.text)
                if posting is not None:
                    search.hits.append(posting)
