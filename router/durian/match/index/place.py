"""Places: the tree of paths that a node's listeners look at, walked along with each event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from durian.match.index.kinds import KINDS
from durian.match.index.lookup import Lookup, Store
from durian.match.index.paths import Path
from durian.match.values import MISSING, candidates

if TYPE_CHECKING:
    from durian.match.index.node import Node
    from durian.match.index.search import Search
    from durian.match.index.shapes import Shape

#: Up to so many members, they are looked for in the event; from there on, the event's in them.
_FEW = 8


class Place:
    """One path: the lookups that take its values, and the places below it."""

    __slots__ = ("_few", "_kinds", "_parent", "lookups", "members", "node", "path", "shapes")

    def __init__(self, node: Node, path: Path, parent: Place | None = None) -> None:
        self.node = node
        self.path = path
        self._parent = parent
        self.members: dict[str, Place] = {}
        self._kinds: dict[str, Lookup] = {}
        # What follows is for readers, and replaced as a whole.
        self._few: Sequence[tuple[str, Place]] | None = ()
        self.lookups: tuple[Callable[[Any, Search], None], ...] = ()
        #: Shapes of several places that are looked up when there is a value at this one.
        self.shapes: tuple[Shape, ...] = ()

    def member(self, name: str) -> Place:
        """Give the place of a member, a new one if need be."""
        place = self.members.get(name)
        if place is None:
            place = self.members[name] = Place(self.node, (*self.path, name), self)
            self._refresh()
        return place

    def lookup(self, kind: str) -> Lookup:
        """Give the lookup of a kind (see `KINDS`), a new one if need be."""
        return self.adopt(kind, KINDS[kind])

    def adopt(self, kind: str, make: Callable[[Store, Place], Lookup]) -> Lookup:
        """Give the lookup of a kind, made by `make` if need be."""
        lookup = self._kinds.get(kind)
        if lookup is None:
            lookup = self._kinds[kind] = make(self.node.store, self)
            self._refresh()
        return lookup

    def lead(self, shape: Shape) -> None:
        """Look a shape up whenever there is a value here."""
        self.shapes = (*self.shapes, shape)

    def forget(self, lookup: Lookup) -> None:
        """Drop a lookup or shape that has become empty, and this place if it is bare then."""
        self.shapes = tuple(each for each in self.shapes if each is not lookup)
        self._kinds = {kind: each for kind, each in self._kinds.items() if each is not lookup}
        self._refresh()
        place = self
        while place._parent is not None and place.is_bare():
            parent = place._parent
            parent.members.pop(place.path[-1], None)
            parent._refresh()  # noqa: SLF001 (the same)
            place = parent
        self.node.forget(lookup)

    def kind_of(self, lookup: Lookup) -> str:
        """Give the kind of one of the lookups; a shape's is `shape`."""
        kinds = (kind for kind, each in self._kinds.items() if each is lookup)
        return next(kinds, "shape")

    def visit(self, value: Any, search: Search) -> None:
        """Let a value, its elements and its members meet what is filed here and below."""
        kind = type(value)
        if kind is list:
            self._visit_array(value, search)
            return
        if kind is dict:
            self._visit_members(value, search)
        for find in self.lookups:
            find(value, search)
        if self.shapes:
            search.shapes += self.shapes

    def _visit_members(self, value: dict[str, Any], search: Search) -> None:
        few = self._few
        if few is None:
            members = self.members
            few = [(name, members[name]) for name in value if name in members]
        for name, place in few:
            inner = value.get(name, MISSING)
            if inner is MISSING:
                continue
            kind = type(inner)
            if kind is list or kind is dict:
                place.visit(inner, search)
                continue
            # Nearly all visits end here: it is `visit`, without a call for each.
            for find in place.lookups:
                find(inner, search)
            if place.shapes:
                search.shapes += place.shapes

    def _visit_array(self, array: list[Any], search: Search) -> None:
        search.arrays = True
        if self.members:
            search.through = True
        for value in candidates(array):
            if type(value) is list:
                # Of an array itself, only its presence is filed.
                for find in self.lookups:
                    find(value, search)
            else:
                self.visit(value, search)

    def is_bare(self) -> bool:
        """Tell whether nothing is filed here or below."""
        return not (self.members or self._kinds or self.shapes)

    def _refresh(self) -> None:
        self.lookups = tuple(each.find for each in self._kinds.values())
        members = self.members
        self._few = tuple(members.items()) if len(members) <= _FEW else None
