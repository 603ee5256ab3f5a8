"""Words: which of many are in a text, by Aho-Corasick automata that are never all rebuilt.

New words are kept apart and searched one by one; when they have become many they make an
automaton, and automata of like size are made into one, up to a size at which making it still takes
no time that anyone would notice (it holds the interpreter's lock).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Any

from durian.errors import MissingExtra

#: Words that are searched one by one at most: 40 ns each.
_APART = 32
#: Words of one automaton at most: made in about 40 ms, half of it with the interpreter's lock held.
_LARGEST = 16_384
#: An automaton is merged with the next when it has less than so many times its words.
_FACTOR = 4
#: Characters of a text that are searched in one go, so that matches of a long one stay few.
_BLOCK = 16 * 1024
#: Below this length words are looked up by the text's own characters and pairs.
_LONG = 3

Part = tuple[Any, tuple[str, ...]]


class Words:
    """A set of words that finds itself in texts."""

    __slots__ = ("_dead", "_found", "_state", "_words", "short")

    def __init__(self) -> None:
        #: How often each word was added and not removed again.
        self._words: dict[str, int] = {}
        self._dead = 0
        #: Words kept apart, and automata, largest first. Replaced as a whole with every change.
        self._state: tuple[tuple[str, ...], tuple[Part, ...]] = ((), ())
        #: Words of one or two characters, as above.
        self.short: dict[str, int] = {}
        #: The last text, the state it was searched with, and what was found: who shares a set
        #: asks it for the same text one after the other.
        self._found: tuple[str, object, frozenset[str]] | None = None

    def add(self, word: str) -> None:
        """Add a word. It may be added several times, and stays until it is removed as often."""
        words = self._words if len(word) >= _LONG else self.short
        before = words.get(word, 0)
        words[word] = before + 1
        if before:
            return
        apart, parts = self._state
        if len(word) < _LONG:
            self._state = (apart, parts)
        elif len(apart) < _APART:
            self._state = ((*apart, word), parts)
        else:
            self._state = ((), _merged(parts, (*apart, word), self._words))

    def fill(self, words: Iterable[str]) -> None:
        """Add many words at once."""
        new = []
        for word in words:
            known = self._words if len(word) >= _LONG else self.short
            if word not in known and len(word) >= _LONG:
                new.append(word)
            known[word] = known.get(word, 0) + 1
        self._state = (self._state[0], (*_parts(new), *self._state[1]))

    def compact(self) -> None:
        """Make as few automata as can be, for much to be found in soon."""
        self._dead = 0
        self._state = ((), tuple(_parts(self._words)))

    def remove(self, word: str) -> None:
        """Remove a word of the set."""
        words = self._words if len(word) >= _LONG else self.short
        words[word] -= 1
        if words[word]:
            return
        del words[word]
        apart, parts = self._state
        if len(word) < _LONG or word in apart:
            self._state = (tuple(each for each in apart if each != word), parts)
            return
        self._dead += 1
        if self._dead > len(self._words) + _APART:
            self.compact()

    def find(self, text: str) -> frozenset[str]:
        """Give the words that are in the text, and maybe some that were just removed."""
        state = self._state
        last = self._found
        if last is not None and last[0] is text and last[1] is state:
            return last[2]
        found = frozenset(self._find(text, *state))
        if len(text) <= _BLOCK:
            self._found = (text, state, found)
        return found

    def _find(self, text: str, apart: tuple[str, ...], parts: tuple[Part, ...]) -> set[str]:
        found = {word for word in apart if word in text} if apart else set()
        for automaton, words in parts:
            for block in _blocks(text, words) if len(text) > _BLOCK else (text,):
                matches = automaton.find_matches_as_indexes(block, overlapping=True)
                if matches:
                    found.update([words[match[0]] for match in matches])
        if self.short:
            found |= self._find_short(text)
        return found

    def _find_short(self, text: str) -> set[str]:
        short = self.short
        if len(short) <= len(text):
            return {word for word in list(short) if word in text}
        return short.keys() & {*text, *map(str.__add__, text, text[1:])}


def _blocks(text: str, words: tuple[str, ...]) -> Iterator[str]:
    """Cut a text into blocks that overlap by the longest word; equal ones are given once."""
    overlap = max(map(len, words)) - 1
    starts = range(0, len(text), _BLOCK)
    return iter({text[start : start + _BLOCK + overlap]: None for start in starts})


def _merged(parts: tuple[Part, ...], new: Iterable[str], alive: Container[str]) -> tuple[Part, ...]:
    """Make an automaton of new words and of those automata that are not much larger."""
    words = dict.fromkeys(new)
    kept = list(parts)
    while kept and len(kept[-1][1]) < _FACTOR * len(words):
        if len(kept[-1][1]) + len(words) > _LARGEST:
            break
        words |= dict.fromkeys(kept.pop()[1])
    kept.append(_automaton([word for word in words if word in alive]))
    return tuple(sorted(kept, key=lambda part: -len(part[1])))


def _parts(words: Iterable[str]) -> Iterator[Part]:
    listed = list(words)
    for start in range(0, len(listed), _LARGEST):
        yield _automaton(listed[start : start + _LARGEST])


def _automaton(words: list[str]) -> Part:
    # Imported late: whoever only reads and writes filters needs no automata.
    try:
        from ahocorasick_rs import AhoCorasick, Implementation  # noqa: PLC0415 (see above)
    except ImportError as exc:
        raise MissingExtra("router", "ahocorasick-rs") from exc
    # Half as large as what it would choose itself, and as fast.
    kind = Implementation.ContiguousNFA
    return AhoCorasick(words, store_patterns=False, implementation=kind), tuple(words)
