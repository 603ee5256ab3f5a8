"""Sets of regular expressions without a text to rule them out by, searched by RE2's filter.

RE2's `Filter` rules out by what it finds itself, and then runs each expression that is left on its
own, so that nothing is lost when memory is short (its `Set` alone would lose matches in silence).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from durian.match.matchers.expression import compile_expression, engine, options

#: Expressions that are searched one by one at most: 1.2 microseconds each.
_APART = 16
#: Expressions of one group at most: made in about 20 ms.
_LARGEST = 1024
#: A group is merged with the next when it has less than so many times its expressions.
_FACTOR = 4

#: Letters, digits and signs, as texts have them.
_SAMPLE = "The quick brown fox, 12345, jumps over the lazy dog! aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

Part = tuple[Any, tuple[str, ...]]


class RegexSets:
    """A set of expressions that finds itself in texts."""

    __slots__ = ("_alive", "_dead", "_state")

    def __init__(self) -> None:
        self._alive: dict[str, None] = {}
        self._dead = 0
        #: Compiled expressions kept apart, and groups. Replaced as a whole.
        self._state: tuple[tuple[tuple[str, Any], ...], tuple[Part, ...]] = ((), ())

    def __len__(self) -> int:
        return len(self._alive)

    def add(self, pattern: str) -> None:
        """Add an expression that is not in the set. It compiles."""
        self._alive[pattern] = None
        apart, parts = self._state
        if len(apart) < _APART:
            self._state = ((*apart, (pattern, compile_expression(pattern))), parts)
            return
        new = dict.fromkeys([*(each for each, _ in apart), pattern])
        kept = list(parts)
        while kept and len(kept[-1][1]) < min(_FACTOR * len(new), _LARGEST - len(new)):
            new |= dict.fromkeys(kept.pop()[1])
        kept.append(_group(each for each in new if each in self._alive))
        self._state = ((), tuple(sorted(kept, key=lambda part: -len(part[1]))))

    def fill(self, patterns: Iterable[str]) -> None:
        """Add distinct expressions that are not in the set. They compile."""
        new = dict.fromkeys(patterns)
        self._alive |= new
        self._state = (self._state[0], (*_parts(new), *self._state[1]))

    def compact(self) -> None:
        """Make as few groups as can be, for much to be found in soon."""
        self._dead = 0
        self._state = ((), _parts(self._alive))

    def remove(self, pattern: str) -> None:
        """Remove an expression of the set."""
        self._alive.pop(pattern, None)
        apart, parts = self._state
        if any(each == pattern for each, _ in apart):
            self._state = (tuple(pair for pair in apart if pair[0] != pattern), parts)
            return
        self._dead += 1
        if self._dead > len(self._alive) + _APART:
            self.compact()

    def find(self, text: str) -> set[str]:
        """Give the expressions found in the text, and maybe some that were just removed."""
        apart, parts = self._state
        found = {pattern for pattern, compiled in apart if compiled.search(text) is not None}
        for group, patterns in parts:
            found.update([patterns[at] for at in group.Match(text) or ()])
        return found


def _parts(patterns: Iterable[str]) -> tuple[Part, ...]:
    listed = list(patterns)
    starts = range(0, len(listed), _LARGEST)
    return tuple(_group(listed[start : start + _LARGEST]) for start in starts)


def _group(patterns: Iterable[str]) -> Part:
    listed = tuple(patterns)
    group = engine().Filter()
    for pattern in listed:
        group.Add(pattern, options())
    group.Compile()
    # The first search makes what all others need: here it holds up no event.
    group.Match(_SAMPLE)
    return group, listed
