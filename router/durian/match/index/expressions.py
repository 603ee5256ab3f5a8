"""Regular expressions: most are ruled out by a text that they need; what is left runs on RE2.

Expressions without such a text go to RE2's own filter, in groups of a size that is made quickly;
new ones are searched one by one until they are enough for a group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durian.match.index.literals import literals
from durian.match.index.lookup import Ids, Store, TableLookup
from durian.match.index.posting import Item
from durian.match.index.regex_sets import RegexSets
from durian.match.limits import MAX_SEARCHED
from durian.match.matchers.expression import is_found

if TYPE_CHECKING:
    from durian.match.index.place import Place
    from durian.match.index.search import Search

#: Characters that a text must have to rule an expression out by; fewer are in too many strings.
_LONG = 3


class Expressions(TableLookup):
    """Finds by the expressions that are found in a string."""

    __slots__ = ("_others", "_words")

    def __init__(self, store: Store, place: Place) -> None:
        super().__init__(store, place)
        self._words = place.shared_words()
        self._others = RegexSets()

    def put(self, argument: str, item: Item) -> str:
        """File by an expression."""
        known = self.store.table.get(self.prefix + argument) is not None
        key = super().put(argument, item)
        if known:
            return key
        text, second = _needed(argument)
        if text:
            self._words.get(text).need(argument, second)
        else:
            self._others.add(argument)
        return key

    def refill(self, arguments: list[str], items: list[Ids]) -> list[str]:
        """File many by expressions."""
        keys = super().refill(arguments, items)
        needed = {argument: _needed(argument) for argument in arguments}
        self._others.fill(argument for argument, (text, _) in needed.items() if not text)
        self._words.fill(text for text, _ in needed.values() if text)
        for argument, (text, second) in needed.items():
            if text:
                self._words.get(text).need(argument, second)
        return keys

    def compact(self) -> None:
        """Make as few automata and groups as can be."""
        self._words.compact()
        self._others.compact()

    def discard(self, argument: str, item: Item) -> None:
        """Take away from under an expression."""
        super().discard(argument, item)
        if self.store.table.get(self.prefix + argument) is not None:
            return
        text, _ = _needed(argument)
        if not text:
            self._others.remove(argument)
            return
        word = self._words.get(text)
        word.spare(argument)
        self._words.release(word)

    def find(self, value: Any, search: Search) -> None:
        """Find the expressions that are found in the value's head."""
        if type(value) is not str:
            return
        head = value[:MAX_SEARCHED]
        table = self.store.table
        for pattern in (*self._needing(head), *self._others.find(head)):
            posting = table.get(self.prefix + pattern)
            if posting is not None:
                search.hits.append(posting)

    def _needing(self, head: str) -> list[str]:
        """Give the expressions found in the text, of those that need a text of their own."""
        is_in = head.__contains__
        return [
            pattern
            for word in self._words.find(head)
            if any(map(is_in, word.seconds))
            for pattern, second in list(word.needing.items())
            if second in head and is_found(pattern, head)
        ]


def _needed(pattern: str) -> tuple[str, str]:
    """Give the longest text that an expression needs and a second one, empty if there is none."""
    text, second, *_ = (*literals(pattern), "", "")
    return (text, second) if len(text) >= _LONG else ("", "")
