"""Shapes: equality at several places at once. All values together are one key.

Where an event has arrays, there is a key for every way to choose their elements, such that values
of one object stay together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from durian.events import Event
from durian.match.condition import Condition, found
from durian.match.index.lookup import Store, TableLookup
from durian.match.index.paths import DATA, ENVELOPE, Path, at_path
from durian.match.index.shards import MASK
from durian.match.matchers import Is
from durian.match.reading import all_of
from durian.match.values import candidates, canonical, is_scalar, uncanonical

if TYPE_CHECKING:
    from durian.match.index.place import Place
    from durian.match.index.search import Search

#: Between the values in a key.
_SEPARATOR = "\x1f"
_ESCAPE = "\x1e"

#: What strings start with in a key.
STRING = canonical("")

#: Ways to choose elements that are tried. An event with more is compared with every key instead.
_CHOICES = 10_000

#: The places of a shape as a tree: names and what is below them, which is nothing at a value.
Tree: TypeAlias = "tuple[tuple[str, Tree], ...]"


class Shape(TableLookup):
    """Finds by the values at several places."""

    __slots__ = ("paths",)

    def __init__(self, store: Store, place: Place, paths: tuple[Path, ...]) -> None:
        super().__init__(store, place)
        self.paths = paths

    def compare_all(self, search: Search) -> None:
        """Compare the event with every key."""
        event = search.event
        size = len(self.prefix)
        ours = (pair for pair in list(self.store.table) if pair[0].startswith(self.prefix))
        for key, posting in ours:
            if found(self.condition(key[size:]), event.data, event):
                search.hits.append(posting)

    def condition(self, argument: str) -> Condition:
        """Give the condition that is met by an argument."""
        asked = zip(self.paths, _values(argument), strict=True)
        return all_of(at_path(path, Is(value)) for path, value in asked)


class Shapes:
    """The shapes that several nodes have of the same places: values are taken only once."""

    __slots__ = ("_parts", "_prefixes", "_shapes", "_tree", "_ways")

    def __init__(self, shapes: Sequence[Shape]) -> None:
        self._shapes = shapes
        self._prefixes = tuple(shape.prefix for shape in shapes)
        self._parts = shapes[0].store.table.parts
        paths = shapes[0].paths
        self._tree = _tree(paths)
        #: Each path, split: whether it is of the data, and its names.
        self._ways = tuple((path[0] == DATA, path[1:]) for path in paths)

    def find(self, search: Search) -> None:
        """Look up the values of all places."""
        pieces = self._pieces(search.event)
        if pieces is None:
            self._find_choices(search)
            return
        if not pieces:
            return
        text = joined(pieces)
        for prefix in self._prefixes:
            key = prefix + text
            posting = self._parts[hash(key) & MASK].get(key)
            if posting is not None:
                search.hits.append(posting)

    def _pieces(self, event: Event) -> list[str] | None:
        """Give the values as text, none if one is missing, None if there are arrays."""
        pieces = []
        at: Any = None
        try:
            for of_data, names in self._ways:
                at = event.data if of_data else event.attributes
                for name in names:
                    at = at[name]
                if type(at) is str:
                    pieces.append(STRING + at)
                elif is_scalar(at):
                    pieces.append(canonical(at))
                else:
                    return None if type(at) is list else []
        except (KeyError, TypeError):
            # There is no such member, or nothing that has members.
            return None if type(at) is list else []
        return pieces

    def _find_choices(self, search: Search) -> None:
        search.arrays = search.through = True
        # Attributes are no arrays: to the tree they are one more member.
        root = {DATA: search.event.data, ENVELOPE: dict(search.event.attributes)}
        try:
            chosen = set(_choices(self._tree, root))
        except OverflowError:
            for shape in self._shapes:
                shape.compare_all(search)
            return
        table = self._shapes[0].store.table
        for text in map(_SEPARATOR.join, chosen):
            for prefix in self._prefixes:
                posting = table.get(prefix + text)
                if posting is not None:
                    search.hits.append(posting)


def argument(values: Iterable[Any]) -> str:
    """Write values, in the order of the shape's paths, as an argument."""
    return joined([canonical(value) for value in values])


def joined(pieces: list[str]) -> str:
    """Join values that are written already."""
    text = _SEPARATOR.join(pieces)
    if text.count(_SEPARATOR) >= len(pieces) or _ESCAPE in text:
        return _SEPARATOR.join(map(_escaped, pieces))
    return text


def _escaped(text: str) -> str:
    return text.replace(_ESCAPE, _ESCAPE + "0").replace(_SEPARATOR, _ESCAPE + "1")


def _values(text: str) -> list[Any]:
    """Read the values that `argument` has written."""
    pieces = (
        piece.replace(_ESCAPE + "1", _SEPARATOR).replace(_ESCAPE + "0", _ESCAPE)
        for piece in text.split(_SEPARATOR)
    )
    return list(map(uncanonical, pieces))


def _tree(paths: Iterable[Path]) -> Tree:
    """Grow a tree of sorted paths, so that going through it meets them in the same order."""
    below: dict[str, list[Path]] = {}
    for path in paths:
        if not path:
            # A value that others lie below is an object, and equal to nothing.
            return ()
        below.setdefault(path[0], []).append(path[1:])
    return tuple((name, _tree(rest)) for name, rest in below.items())


def _choices(tree: Tree, value: Any) -> list[tuple[str, ...]]:
    """Give the values of every way to choose elements. OverflowError says they are too many."""
    if type(value) is list:
        chosen = []
        for element in candidates(value):
            if type(element) is not list:
                chosen += _choices(tree, element)
                _check(len(chosen))
        return chosen
    if not tree:
        return [] if type(value) is dict else [(_escaped(canonical(value)),)]
    if type(value) is not dict:
        return []
    chosen = [()]
    for name, branch in tree:
        inner = _choices(branch, value[name]) if name in value else []
        _check(len(chosen) * len(inner))
        chosen = [(*left, *right) for left in chosen for right in inner]
    return chosen


def _check(size: int) -> None:
    if size > _CHOICES:
        raise OverflowError
