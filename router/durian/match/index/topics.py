"""Topics: which event patterns an event's type fits, found along a tree of words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from durian.match.event_pattern import OPERATIONAL, is_exact

_V = TypeVar("_V")

#: Types whose patterns are remembered. Types come from producers: without a limit they could fill
#: the memory.
_REMEMBERED = 10_000


class _Word(Generic[_V]):
    """A word of patterns: what follows it, and what is kept for the pattern that ends here."""

    __slots__ = ("next", "stays", "value")

    def __init__(self, *, stays: bool = False) -> None:
        self.next: dict[str, _Word[_V]] = {}
        self.value: _V | None = None
        #: Whether it is a `#`, which takes any number of words.
        self.stays = stays


class Topics(Generic[_V]):
    """Values by event pattern, found by event type."""

    __slots__ = ("_exact", "_found", "_root", "_wild")

    def __init__(self) -> None:
        self._exact: dict[str, _V] = {}
        self._wild: dict[str, _V] = {}
        self._root: _Word[_V] = _Word()
        #: What was found for a type. Replaced with every change, so that a reader that is still
        #: finding remembers what it found where nobody looks any more.
        self._found: dict[str, tuple[_V, ...]] = {}

    def __iter__(self) -> Iterator[tuple[str, _V]]:
        yield from list(self._exact.items())
        yield from list(self._wild.items())

    def get(self, pattern: str) -> _V | None:
        """Give the value of a pattern."""
        return self._exact.get(pattern) or self._wild.get(pattern)

    def put(self, pattern: str, value: _V) -> None:
        """Keep a value for a pattern."""
        if is_exact(pattern):
            self._exact[pattern] = value
        else:
            self._wild[pattern] = value
            self._way(pattern)[-1].value = value
        self._found = {}

    def remove(self, pattern: str) -> None:
        """Forget a pattern."""
        if self._exact.pop(pattern, None) is None and self._wild.pop(pattern, None) is not None:
            words = pattern.split(".")
            way = self._way(pattern)
            way[-1].value = None
            for at in range(len(words), 0, -1):
                if way[at].next or way[at].value is not None:
                    break
                del way[at - 1].next[words[at - 1]]
        self._found = {}

    def find(self, event_type: str) -> tuple[_V, ...]:
        """Give the values of all patterns that the type fits."""
        memory = self._found
        found = memory.get(event_type)
        if found is None:
            exact = self._exact.get(event_type)
            wild = self._fitting(event_type) if self._wild else []
            found = tuple(wild) if exact is None else (exact, *wild)
            if len(memory) >= _REMEMBERED:
                memory.clear()
            memory[event_type] = found
        return found

    def _way(self, pattern: str) -> list[_Word[_V]]:
        """Give the words of a pattern from the root on, making those that are not there."""
        way = [self._root]
        for word in pattern.split("."):
            following = way[-1].next.get(word)
            if following is None:
                following = way[-1].next[word] = _Word(stays=word == "#")
            way.append(following)
        return way

    def _fitting(self, event_type: str) -> list[_V]:
        # All ways through the tree are followed at once, so that none is followed twice.
        first, *rest = event_type.split(".")
        if first == OPERATIONAL:
            following = self._root.next.get(first)
            states = [] if following is None else _past_hashes([following])
        else:
            states, rest = _past_hashes([self._root]), [first, *rest]
        for word in rest:
            taken = [at.next[each] for at in states for each in (word, "*") if each in at.next]
            stayed = [at for at in states if at.stays]
            states = _past_hashes([*taken, *stayed])
        return [at.value for at in states if at.value is not None]


def _past_hashes(words: list[_Word[_V]]) -> list[_Word[_V]]:
    """Add what is reached when each `#` takes no word."""
    reached = dict.fromkeys(words)
    todo = list(reached)
    while todo:
        following = todo.pop().next.get("#")
        if following is not None and following not in reached:
            reached[following] = None
            todo.append(following)
    return list(reached)
