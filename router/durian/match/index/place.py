"""Places: the tree of paths that a node's listeners look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from durian.match.index.kinds import KINDS
from durian.match.index.lookup import Lookup, Store
from durian.match.index.paths import Path
from durian.match.index.texts import Texts

if TYPE_CHECKING:
    from durian.match.index.node import Node
    from durian.match.index.shapes import Shape


class Place:
    """One path: the lookups that take its values, and the places below it."""

    __slots__ = ("_kinds", "_parent", "_texts", "members", "node", "path", "shapes")

    def __init__(self, node: Node, path: Path, parent: Place | None = None) -> None:
        self.node = node
        self.path = path
        self._parent = parent
        self.members: dict[str, Place] = {}
        self._kinds: dict[str, Lookup] = {}
        self._texts: Texts | None = None
        #: Shapes of several places that are looked up when there is a value at this one.
        self.shapes: tuple[Shape, ...] = ()

    def member(self, name: str) -> Place:
        """Give the place of a member, a new one if need be."""
        place = self.members.get(name)
        if place is None:
            place = self.members[name] = Place(self.node, (*self.path, name), self)
            self.node.version += 1
        return place

    def lookup(self, kind: str) -> Lookup:
        """Give the lookup of a kind (see `KINDS`), a new one if need be."""
        return self.adopt(kind, KINDS[kind])

    def adopt(self, kind: str, make: Callable[[Store, Place], Lookup]) -> Lookup:
        """Give the lookup of a kind, made by `make` if need be."""
        lookup = self._kinds.get(kind)
        if lookup is None:
            lookup = self._kinds[kind] = make(self.node.store, self)
            self.node.version += 1
        return lookup

    def texts(self) -> Texts:
        """Give that in which all lookups of texts look for theirs, at once."""
        if self._texts is None:
            self._texts = Texts(self.node.store)
        return self._texts

    def lead(self, shape: Shape) -> None:
        """Look a shape up whenever there is a value here."""
        self.shapes = (*self.shapes, shape)
        self.node.version += 1

    def lookups(self) -> list[Lookup]:
        """Give all lookups that take this place's values."""
        return list(self._kinds.values())

    def forget(self, lookup: Lookup) -> None:
        """Drop a lookup or shape that has become empty, and this place if it is bare then."""
        self.shapes = tuple(each for each in self.shapes if each is not lookup)
        self._kinds = {kind: each for kind, each in self._kinds.items() if each is not lookup}
        self.node.version += 1
        place = self
        while place._parent is not None and place.is_bare():
            parent = place._parent
            parent.members.pop(place.path[-1], None)
            place = parent
        self.node.forget(lookup)

    def kind_of(self, lookup: Lookup) -> str:
        """Give the kind of one of the lookups; a shape's is `shape`."""
        kinds = (kind for kind, each in self._kinds.items() if each is lookup)
        return next(kinds, "shape")

    def is_bare(self) -> bool:
        """Tell whether nothing is filed here or below."""
        return not (self.members or self._kinds or self.shapes)
