"""Shapes: equality at several places at once. All values together are one key.

Where an event has arrays, there is a key for every way to choose their elements, such that values
of one object stay together.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from durian.events import Event
from durian.match.condition import Condition, found
from durian.match.index.lookup import Store, TableLookup
from durian.match.index.paths import DATA, ENVELOPE, Path, at_path, step
from durian.match.index.shards import MASK
from durian.match.matchers import Is
from durian.match.reading import all_of
from durian.match.values import MISSING, candidates, canonical, uncanonical

if TYPE_CHECKING:
    from durian.match.index.place import Place
    from durian.match.index.search import Search

#: Between the values in a key.
_SEPARATOR = "\x1f"
_ESCAPE = "\x1e"

#: Ways to choose elements that are tried. An event with more is compared with every key instead.
_CHOICES = 10_000

#: The places of a shape as a tree: names to branches, None to the index of the value.
Tree = dict[str | None, Any]


class Shape(TableLookup):
    """Finds by the values at several places."""

    __slots__ = ("_parts", "_ways", "paths")

    def __init__(self, store: Store, place: Place, paths: tuple[Path, ...]) -> None:
        super().__init__(store, place)
        self.paths = paths
        self._parts = store.table.parts
        #: Each path, split: whether it is of the data, and its names.
        self._ways = tuple((path[0] == DATA, path[1:]) for path in paths)

    def find(self, value: Any, search: Search) -> None:  # noqa: ARG002 (it takes the values itself)
        """Look up the values of all places."""
        pieces = self._pieces(search.event)
        if pieces is None:
            self._find_choices(search)
            return
        if not pieces:
            return
        key = _SEPARATOR.join(pieces)
        if key.count(_SEPARATOR) >= len(pieces) or _ESCAPE in key:
            key = _SEPARATOR.join(map(_escaped, pieces))
        key = self.prefix + key
        posting = self._parts[hash(key) & MASK].get(key)
        if posting is not None:
            search.hits.append(posting)

    def _pieces(self, event: Event) -> list[str] | None:
        """Give the values as text, none if one is missing, None if there are arrays."""
        pieces = []
        data = event.data
        for of_data, names in self._ways:
            at = data if of_data else dict(event.attributes)
            for name in names:
                if type(at) is not dict:
                    break
                at = at.get(name, MISSING)
            else:
                if type(at) is str:
                    pieces.append('"' + at)
                    continue
                if type(at) is not list and type(at) is not dict and at is not MISSING:
                    pieces.append(canonical(at))
                    continue
            return None if type(at) is list else []
        return pieces

    def _find_choices(self, search: Search) -> None:
        search.arrays = search.through = True
        tree = _tree(self.paths)
        # Attributes are no arrays: to the tree they are one more member.
        root = {DATA: search.event.data, ENVELOPE: dict(search.event.attributes)}
        chosen = list(itertools.islice(_choices(tree, root), _CHOICES + 1))
        if len(chosen) > _CHOICES:
            self._compare_all(search)
            return
        for values in chosen:
            posting = self.store.table.get(
                self.prefix + argument(values[at] for at in sorted(values))
            )
            if posting is not None:
                search.hits.append(posting)

    def _compare_all(self, search: Search) -> None:
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


def argument(values: Iterable[Any]) -> str:
    """Write values, in the order of the shape's paths, as an argument."""
    return _SEPARATOR.join(_escaped(canonical(value)) for value in values)


def _escaped(text: str) -> str:
    return text.replace(_ESCAPE, _ESCAPE + "0").replace(_SEPARATOR, _ESCAPE + "1")


def _values(text: str) -> list[Any]:
    """Read the values that `argument` has written."""
    pieces = (
        piece.replace(_ESCAPE + "1", _SEPARATOR).replace(_ESCAPE + "0", _ESCAPE)
        for piece in text.split(_SEPARATOR)
    )
    return list(map(uncanonical, pieces))


def _tree(paths: tuple[Path, ...]) -> Tree:
    tree: Tree = {}
    for at, path in enumerate(paths):
        branch = tree
        for name in path:
            branch = branch.setdefault(name, {})
        branch[None] = at
    return tree


def _choices(tree: Tree, whole: Any) -> Iterator[dict[int, Any]]:
    """Give every way to choose elements, as values by the index of their path."""
    for value in candidates(whole) if type(whole) is list else (whole,):
        if type(value) is list or (None in tree and type(value) is dict):
            continue
        own = {tree[None]: value} if None in tree else {}
        inner = []
        for name, branch in tree.items():
            if name is not None:
                member = step(value, name)
                inner.append([] if member is MISSING else [*_limited(branch, member)])
        for parts in itertools.product(*inner):
            joined = dict(own)
            for part in parts:
                joined |= part
            yield joined


def _limited(tree: Tree, whole: Any) -> Iterator[dict[int, Any]]:
    return itertools.islice(_choices(tree, whole), _CHOICES + 1)
