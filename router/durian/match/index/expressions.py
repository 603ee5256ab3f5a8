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

    __slots__ = ("_by_text", "_others", "_texts")

    def __init__(self, store: Store, place: Place) -> None:
        super().__init__(store, place)
        #: The texts that expressions need, and for each the expressions, with a second such text.
        self._texts = place.shared_words()
        self._by_text: dict[str, tuple[tuple[str, str], ...]] = {}
        self._others = RegexSets()

    def insert(self, key: str, argument: str, item: Item) -> None:
        """File by an expression."""
        known = self.store.table.get(key) is not None
        super().insert(key, argument, item)
        if known:
            return
        text = self._group(argument)
        if not text:
            self._others.add(argument)
        elif len(self._by_text[text]) == 1:
            self._texts.add(text)

    def refill(self, keys: list[str], arguments: list[str], items: list[Ids]) -> None:
        """File many by expressions."""
        super().refill(keys, arguments, items)
        known = set(self._by_text)
        self._others.fill(each for each in arguments if not self._group(each))
        self._texts.fill(self._by_text.keys() - known)

    def _group(self, pattern: str) -> str:
        """Add an expression to the group of those that need the same text, which is given."""
        needed = literals(pattern)
        if not needed or len(needed[0]) < _LONG:
            return ""
        text, second, *_ = (*needed, "")
        self._by_text[text] = (*self._by_text.get(text, ()), (second, pattern))
        return text

    def compact(self) -> None:
        """Make as few automata and groups as can be."""
        self._texts.compact()
        self._others.compact()

    def discard(self, key: str, argument: str, item: Item) -> None:
        """Take away from under an expression."""
        super().discard(key, argument, item)
        if self.store.table.get(key) is not None:
            return
        needed = literals(argument)
        if not needed or len(needed[0]) < _LONG:
            self._others.remove(argument)
            return
        text = needed[0]
        left = tuple(pair for pair in self._by_text[text] if pair[1] != argument)
        if left:
            self._by_text[text] = left
        else:
            del self._by_text[text]
            self._texts.remove(text)

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
        found = []
        for text in self._texts.find(head):
            for second, pattern in self._by_text.get(text, ()):
                if second in head and is_found(pattern, head):
                    found.append(pattern)
        return found
