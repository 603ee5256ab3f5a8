"""Texts: what is asked of the texts within a string, found for all lookups of one place at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durian.match.index.shards import MASK
from durian.match.index.words import Word, Words
from durian.match.limits import MAX_SEARCHED
from durian.match.matchers.expression import is_found

if TYPE_CHECKING:
    from durian.match.index.lookup import Store
    from durian.match.index.search import Search


class Texts:
    """Finds by the words in a string: those who want one, and the expressions that need one."""

    __slots__ = ("_fold", "_table", "words")

    def __init__(self, store: Store, *, fold: bool = False) -> None:
        self._fold = fold
        self._table = store.table
        self.words = Words()

    def find(self, value: Any, search: Search) -> None:
        """Look up the words that are in the value."""
        if type(value) is not str:
            return
        text = value.casefold() if self._fold else value
        # Expressions look no further than the head, which nearly always is all there is.
        head = text[:MAX_SEARCHED]
        parts, hits = self._table.parts, search.hits
        found = self.words.find(head)
        for word in found:
            key = word.key
            if key:
                posting = parts[hash(key) & MASK].get(key)
                if posting is not None:
                    hits.append(posting)
            for second in word.seconds:
                if second in head:
                    self._search(word, head, search)
                    break
        if head is not text and self.words.wanted:
            for word in self.words.find(text) - found:
                posting = self._table.get(word.key)
                if posting is not None:
                    hits.append(posting)

    def _search(self, word: Word, head: str, search: Search) -> None:
        """Try the expressions that need a word."""
        for pattern, first, second, key in word.needing:
            at = head.find(first)
            if at < 0 or head.find(second, at + len(first)) < 0:
                continue
            if is_found(pattern, head):
                posting = self._table.get(key)
                if posting is not None:
                    search.hits.append(posting)
