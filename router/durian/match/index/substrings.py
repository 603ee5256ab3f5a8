"""Substrings: the pieces of text that are asked for, found in a string all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durian.match.index.lookup import Find, Ids, Store, TableLookup
from durian.match.index.posting import Item
from durian.match.index.texts import Texts

if TYPE_CHECKING:
    from durian.match.index.place import Place


class Substrings(TableLookup):
    """Finds by the pieces that are in a string."""

    __slots__ = ("_texts",)

    def __init__(self, store: Store, place: Place, *, fold: bool = False) -> None:
        super().__init__(store, place)
        self._texts = Texts(store, fold=True) if fold else place.texts()

    def put(self, argument: str, item: Item) -> str:
        """File by a piece of text."""
        key = super().put(argument, item)
        self._texts.words.want(argument, key)
        return key

    def refill(self, arguments: list[str], items: list[Ids]) -> list[str]:
        """File many by pieces of text."""
        keys = super().refill(arguments, items)
        self._texts.words.fill(arguments)
        for argument, key in zip(arguments, keys, strict=True):
            self._texts.words.want(argument, key)
        return keys

    def compact(self) -> None:
        """Make as few automata as can be."""
        self._texts.words.compact()

    def discard(self, argument: str, item: Item) -> None:
        """Take away from under a piece of text."""
        super().discard(argument, item)
        if self.store.table.get(self.prefix + argument) is None:
            self._texts.words.unwant(argument)

    def finds(self) -> tuple[Find, ...]:
        """Let all texts that are asked for at the place be found at once."""
        return (self._texts.find,)
