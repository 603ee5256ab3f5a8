"""Nodes: the listeners of one event pattern, or of one bucket, filed by what they ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durian.match.condition import Condition
from durian.match.index.access import (
    Asked,
    Cover,
    Skip,
    best_cover,
    conjuncts,
    meaningful,
)
from durian.match.index.entries import Entry
from durian.match.index.lookup import Lookup, Store
from durian.match.index.negation import Negation, opposite
from durian.match.index.paths import DATA, ENVELOPE, Path, at_path
from durian.match.index.place import Place
from durian.match.index.plan import Plan
from durian.match.index.posting import Filed, Item, shared
from durian.match.index.rest import Scan
from durian.match.index.shapes import Shape
from durian.match.reading import all_of

if TYPE_CHECKING:
    from durian.match.index.quick import Way
    from durian.match.index.search import Search


#: The path of what is found whatever an event says.
_REST: Path = ("*",)

#: How everything is wanted.
_ALWAYS = Cover((Entry(_REST, "present", ""),), rank=100, exact=True)


class Node:
    """Listeners that look at the same events."""

    __slots__ = (
        "_lookups",
        "_plan",
        "_shapes",
        "attributes",
        "data",
        "pattern",
        "rest",
        "size",
        "skip",
        "store",
        "version",
        "ways",
        "words",
    )

    def __init__(self, store: Store, pattern: str = "", skip: Skip = frozenset()) -> None:
        self.store = store
        #: What all listeners here were found by already.
        self.skip = skip
        #: The event pattern it is the node of, and how many listeners that has.
        self.pattern = pattern
        self.size = 0
        #: Changes with every place and lookup that comes or goes.
        self.version = 0
        self._plan: Plan | None = None
        #: Lookups by path and kind, to have them quickly.
        self._lookups: dict[tuple[Path, str], Lookup] = {}
        self._shapes: dict[tuple[Path, ...], Shape] = {}
        #: How filters of plain values are filed, by their names; see `quick`.
        self.ways: dict[tuple[str, ...], Way] = {}
        #: Where filters of one field and one word are filed, by both; see `quick`.
        self.words: dict[tuple[str, str], Lookup] = {}
        self.data = Place(self, (DATA,))
        #: Places of attributes, by name. Replaced as a whole.
        self.attributes: dict[str, Place] = {}
        #: What is found whatever the event says.
        self.rest = Place(self, _REST)

    def add(self, listener_id: str, condition: Condition, old: Item | None = None) -> Item:
        """File a listener. What is given back says where: a key, or a Filed with its keys.

        Where that is the old key, nothing is done.
        """
        asked = meaningful(conjuncts(condition))
        cover = best_cover(asked, self.skip) if asked else _ALWAYS
        if cover is not None and cover.exact and len(cover.entries) == 1:
            entry = cover.entries[0]
            lookup = self._lookup(entry)
            if isinstance(old, str) and lookup.is_key(old, entry.argument):
                return old
            return lookup.put(entry.argument, listener_id)
        if cover is not None and cover.left:
            left = all_of(at_path(each.path, each.condition) for each in cover.left)
            entry = cover.entries[0]
            return self._lookup(entry).file(entry.argument, listener_id, shared(left))
        several = cover is not None and len(cover.entries) > 1
        exact = cover is not None and cover.exact
        filed = Filed(listener_id, condition, several=several, exact=exact)
        filed.keys = self._file(filed, asked, cover)
        return filed

    def file(self, filed: Filed) -> tuple[str, ...]:
        """File what was made to be checked elsewhere, and give its keys here."""
        asked = [] if filed.exact else meaningful(conjuncts(filed.condition))
        return self._file(filed, asked, best_cover(asked, self.skip) if asked else None)

    def _file(self, filed: Filed, asked: list[Asked], cover: Cover | None) -> tuple[str, ...]:
        if cover is not None:
            return tuple(self._lookup(entry).put(entry.argument, filed) for entry in cover.entries)
        if asked and opposite(asked, self.skip) is not None:
            return (self._negation().put("", filed),)
        return (self._scan().put("", filed),)

    def empty(self) -> Node:
        """Make a node that shares nothing with this one but the store."""
        return Node(self.store)

    def below(self, lookup: Lookup) -> Node:
        """Make a node for what is filed under one key of a lookup of ours."""
        if isinstance(lookup, Shape):
            answered = {(path, "equal") for path in lookup.paths}
        else:
            answered = {(lookup.place.path, lookup.place.kind_of(lookup))}
        return Node(self.store, skip=self.skip | answered)

    def forget(self, lookup: Lookup) -> None:
        """Drop what refers to a lookup that has become empty."""
        self._lookups = {at: each for at, each in self._lookups.items() if each is not lookup}
        self.ways.clear()
        self.words.clear()
        if isinstance(lookup, Shape):
            self._shapes.pop(lookup.paths, None)
        if lookup.place.path[0] == ENVELOPE:
            self.attributes = {
                name: place for name, place in self.attributes.items() if not place.is_bare()
            }
            self.version += 1

    def search(self, search: Search) -> None:
        """Let the event meet what is filed here, and look into it, within a search of others."""
        hits, shapes = search.hits, search.shapes
        search.hits, search.shapes = [], []
        self.meet(search)
        search.settle()
        search.hits, search.shapes = hits, shapes

    def meet(self, search: Search) -> None:
        """Let the event meet what is filed here."""
        plan = self._plan
        if plan is None or not plan.is_current():
            plan = self._plan = Plan((self,))
        plan.meet(search)

    def _lookup(self, entry: Entry) -> Lookup:
        if entry.kind == "shape":
            return self.shape(entry.paths)
        return self.lookup(entry.path, entry.kind)

    def place(self, path: Path) -> Place:
        """Give the place of a path, a new one if need be."""
        if path == _REST:
            return self.rest
        place, names = self.data, path[1:]
        if path[0] == ENVELOPE:
            place, names = self._attribute(path[1]), path[2:]
        for name in names:
            place = place.member(name)
        return place

    def _attribute(self, name: str) -> Place:
        place = self.attributes.get(name)
        if place is None:
            place = Place(self, (ENVELOPE, name))
            self.attributes = {**self.attributes, name: place}
            self.version += 1
        return place

    def lookup(self, path: Path, kind: str) -> Lookup:
        """Give the lookup of a kind at a path, a new one if need be."""
        lookup = self._lookups.get((path, kind))
        if lookup is None:
            lookup = self._lookups[path, kind] = self.place(path).lookup(kind)
        return lookup

    def shape(self, paths: tuple[Path, ...]) -> Shape:
        """Give the shape of several paths, a new one if need be."""
        shape = self._shapes.get(paths)
        if shape is None:
            # Led by the path that leads the fewest, so that an event meets few shapes in vain; and
            # by a short one, as those that lead to nothing else need not be followed.
            leads = map(self.place, paths)
            lead = min(leads, key=lambda place: (len(place.shapes), len(place.path)))
            shape = self._shapes[paths] = Shape(self.store, lead, paths)
            lead.lead(shape)
        return shape

    def _scan(self) -> Lookup:
        return self.rest.adopt("scan", Scan)

    def _negation(self) -> Lookup:
        return self.rest.adopt("negation", Negation)
