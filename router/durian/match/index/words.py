"""Words: which of many are in a text, by Aho-Corasick automata that are never all rebuilt.

New words are kept apart and searched one by one; when they have become many they make an
automaton, and automata of like size are made into one, up to a size at which making it still takes
no time that anyone would notice (it holds the interpreter's lock).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

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

#: An expression, two texts that it needs, and its key.
Needing: TypeAlias = "tuple[str, str, str, str]"


class Word:
    """A text that is looked for, and by whom. Without anyone it is gone, or soon will be."""

    __slots__ = ("key", "needing", "seconds", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        #: The key of those who look for the text itself, empty if there is none.
        self.key = ""
        #: Expressions that need it, with the two texts that each needs in this order, one of them
        #: the word, and its key.
        self.needing: tuple[Needing, ...] = ()
        #: The others of these texts: nearly always none is there, and nothing else is looked at.
        self.seconds: tuple[str, ...] = ()

    def need(self, expression: str, pair: tuple[str, str], key: str) -> None:
        """Note an expression that needs the word and a second text, in this order or the other."""
        # One object for all who need it: it is looked at so often that it is in reach then.
        first, second = map(sys.intern, pair)
        # In this order: readers look at the second texts first.
        self.needing += ((expression, first, second, key),)
        self.seconds += (second if first == self.text else first,)

    def spare(self, expression: str) -> None:
        """Forget an expression."""
        at = [each for each, *_ in self.needing].index(expression)
        self.needing = self.needing[:at] + self.needing[at + 1 :]
        self.seconds = self.seconds[:at] + self.seconds[at + 1 :]


Part: TypeAlias = "tuple[Any, tuple[Word, ...]]"


class Words:
    """A set of words that finds itself in texts."""

    __slots__ = ("_dead", "_short", "_state", "_words", "wanted")

    def __init__(self) -> None:
        self._words: dict[str, Word] = {}
        #: Words of one or two characters.
        self._short: dict[str, Word] = {}
        self._dead = 0
        #: How many words are looked for themselves.
        self.wanted = 0
        #: Words kept apart, and automata, largest first. Replaced as a whole with every change.
        self._state: tuple[tuple[Word, ...], tuple[Part, ...]] = ((), ())

    def get(self, text: str) -> Word:
        """Give a word, a new one if need be."""
        words = self._words if len(text) >= _LONG else self._short
        word = words.get(text)
        if word is None:
            word = words[text] = Word(text)
            self._put(word)
        return word

    def want(self, text: str, key: str) -> None:
        """Note the key of those who look for a text itself."""
        word = self.get(text)
        self.wanted += not word.key
        word.key = key

    def unwant(self, text: str) -> None:
        """Note that nobody looks for a text itself any more."""
        word = self.get(text)
        self.wanted -= 1
        word.key = ""
        self.release(word)

    def fill(self, texts: Iterable[str]) -> None:
        """Make many words at once."""
        new = [Word(text) for text in dict.fromkeys(texts) if text not in self._words]
        self._short |= {word.text: word for word in new if len(word.text) < _LONG}
        long = [word for word in new if len(word.text) >= _LONG]
        self._words |= {word.text: word for word in long}
        self._state = (self._state[0], (*_parts(long), *self._state[1]))

    def compact(self) -> None:
        """Make as few automata as can be, for much to be found in soon."""
        apart, parts = self._state
        if not apart and not self._dead and len(parts) <= -(-len(self._words) // _LARGEST):
            return
        self._dead = 0
        self._state = ((), tuple(_parts(self._words.values())))

    def release(self, word: Word) -> None:
        """Let go of a word that nobody may want or need any more."""
        if word.key or word.needing:
            return
        (self._words if len(word.text) >= _LONG else self._short).pop(word.text)
        apart, parts = self._state
        if len(word.text) < _LONG or word in apart:
            self._state = (tuple(each for each in apart if each is not word), parts)
            return
        self._dead += 1
        if self._dead > len(self._words) + _APART:
            self.compact()

    def find(self, text: str) -> set[Word]:
        """Give the words that are in the text, and maybe some that were just let go."""
        apart, parts = self._state
        found = {word for word in apart if word.text in text}
        for automaton, words in parts:
            for block in _blocks(text, words) if len(text) > _BLOCK else (text,):
                matches = automaton.find_matches_as_indexes(block, overlapping=True)
                found.update([words[number] for number, _, _ in matches])
        if self._short:
            found.update(self._find_short(text))
        return found

    def _find_short(self, text: str) -> Iterable[Word]:
        short = self._short
        if len(short) <= len(text):
            return [word for word in list(short.values()) if word.text in text]
        texts = short.keys() & {*text, *map(str.__add__, text, text[1:])}
        return [word for each in texts if (word := short.get(each)) is not None]

    def _put(self, word: Word) -> None:
        apart, parts = self._state
        if len(word.text) < _LONG:
            self._state = (apart, parts)
        elif len(apart) < _APART:
            self._state = ((*apart, word), parts)
        else:
            self._state = ((), _merged(parts, (*apart, word), self._words))


def _blocks(text: str, words: tuple[Word, ...]) -> Iterator[str]:
    """Cut a text into blocks that overlap by the longest word; equal ones are given once."""
    overlap = max(len(word.text) for word in words) - 1
    starts = range(0, len(text), _BLOCK)
    return iter({text[start : start + _BLOCK + overlap]: None for start in starts})


def _merged(
    parts: tuple[Part, ...], new: Iterable[Word], alive: dict[str, Word]
) -> tuple[Part, ...]:
    """Make an automaton of new words and of those automata that are not much larger."""
    words = dict.fromkeys(new)
    kept = list(parts)
    while kept and len(kept[-1][1]) < _FACTOR * len(words):
        if len(kept[-1][1]) + len(words) > _LARGEST:
            break
        words |= dict.fromkeys(kept.pop()[1])
    kept.append(_automaton([word for word in words if alive.get(word.text) is word]))
    return tuple(sorted(kept, key=lambda part: -len(part[1])))


def _parts(words: Iterable[Word]) -> Iterator[Part]:
    listed = list(words)
    for start in range(0, len(listed), _LARGEST):
        yield _automaton(listed[start : start + _LARGEST])


def _automaton(words: list[Word]) -> Part:
    # Imported late: whoever only reads and writes filters needs no automata.
    try:
        from ahocorasick_rs import AhoCorasick, Implementation  # noqa: PLC0415 (see above)
    except ImportError as exc:
        raise MissingExtra("router", "ahocorasick-rs") from exc
    # Half as large as what it would choose itself, and as fast.
    kind = Implementation.ContiguousNFA
    texts = [word.text for word in words]
    return AhoCorasick(texts, store_patterns=False, implementation=kind), tuple(words)
