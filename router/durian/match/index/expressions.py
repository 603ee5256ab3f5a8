"""Regular expressions: most are ruled out by a text that they need; what is left runs on RE2.

Expressions without such a text go to RE2's own filter, in groups of a size that is made quickly;
new ones are searched one by one until they are enough for a group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durian.match.index.literals import literals
from durian.match.index.lookup import Find, Ids, Store, TableLookup
from durian.match.index.posting import Item
from durian.match.index.regex_sets import RegexSets
from durian.match.limits import MAX_SEARCHED

if TYPE_CHECKING:
    from durian.match.index.place import Place
    from durian.match.index.search import Search

#: Characters that a text must have to rule an expression out by; fewer are in too many strings.
_LONG = 3


class Expressions(TableLookup):
    """Finds by the expressions that are found in a string."""

    __slots__ = ("_others", "_texts")

    def __init__(self, store: Store, place: Place) -> None:
        super().__init__(store, place)
        self._texts = place.texts()
        self._others = RegexSets()

    def put(self, argument: str, item: Item) -> str:
        """File by an expression."""
        known = self.store.table.get(self.prefix + argument) is not None
        key = super().put(argument, item)
        if known:
            return key
        text, pair = _needed(argument)
        if text:
            self._texts.words.get(text).need(argument, pair, key)
        else:
            self._others.add(argument)
        return key

    def refill(self, arguments: list[str], items: list[Ids]) -> list[str]:
        """File many by expressions."""
        keys = super().refill(arguments, items)
        needed = {argument: _needed(argument) for argument in arguments}
        self._others.fill(argument for argument, (text, _) in needed.items() if not text)
        self._texts.words.fill(text for text, _ in needed.values() if text)
        for (argument, (text, pair)), key in zip(needed.items(), keys, strict=True):
            if text:
                self._texts.words.get(text).need(argument, pair, key)
        return keys

    def compact(self) -> None:
        """Make as few automata and groups as can be."""
        self._texts.words.compact()
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
        word = self._texts.words.get(text)
        word.spare(argument)
        self._texts.words.release(word)

    def finds(self) -> tuple[Find, ...]:
        """Let all texts that are asked for or needed at the place be found at once."""
        return (self._texts.find, self.find)

    def find(self, value: Any, search: Search) -> None:
        """Find the expressions without a text that are found in the value's head."""
        if type(value) is not str or not self._others:
            return
        table = self.store.table
        for pattern in self._others.find(value[:MAX_SEARCHED]):
            posting = table.get(self.prefix + pattern)
            if posting is not None:
                search.hits.append(posting)


def _needed(pattern: str) -> tuple[str, tuple[str, str]]:
    """Give the longest text that an expression needs, and two such texts in their order.

    All of them are empty when there is none that is long enough.
    """
    texts = literals(pattern)
    longest = sorted(range(len(texts)), key=lambda at: -len(texts[at]))[:2]
    first, second, *_ = (*(texts[at] for at in sorted(longest)), "", "")
    text = max(first, second, key=len)
    return (text, (first, second)) if len(text) >= _LONG else ("", ("", ""))
