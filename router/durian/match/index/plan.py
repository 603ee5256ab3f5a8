"""Plans: the places of all nodes that one type of event meets, as one tree to walk along.

An event's type fits its own node and those of patterns; walking their trees one after the other
would look up the same fields again and again. A plan is made when it is first needed, and anew when
one of its nodes has got or lost a lookup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from durian.match.index.equal import Equal
from durian.match.index.lookup import Find, Lookup
from durian.match.index.paths import Path
from durian.match.index.place import Place
from durian.match.index.shapes import Shape, Shapes
from durian.match.index.shards import MASK
from durian.match.values import MISSING, candidates

if TYPE_CHECKING:
    from durian.match.index.node import Node
    from durian.match.index.search import Search

#: Up to so many members, they are looked for in the event; from there on, the event's in them.
_FEW = 8


class Plan:
    """How an event meets all that is filed in some nodes."""

    __slots__ = ("_attributes", "_data", "_rest", "_seen", "nodes")

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes
        # Read first: a change in between makes the plan outdated, and it is made again.
        self._seen = [(node, node.version) for node in nodes]
        self._data = _Spot([node.data for node in nodes])
        self._rest = _Spot([node.rest for node in nodes]).finds
        names = dict.fromkeys(name for node in nodes for name in node.attributes)
        self._attributes = tuple(
            (name, _Spot([node.attributes[name] for node in nodes if name in node.attributes]))
            for name in names
        )

    def is_current(self) -> bool:
        """Tell whether the nodes are as they were when the plan was made."""
        for node, version in self._seen:  # noqa: SIM110 (`all` takes three times as long)
            if node.version != version:
                return False
        return True

    def meet(self, search: Search) -> None:
        """Let the event meet what is filed."""
        event = search.event
        for find in self._rest:
            find(None, search)
        self._data.visit(event.data, search)
        if self._attributes:
            attributes = event.attributes
            for name, spot in self._attributes:
                value = attributes.get(name)
                if value is not None:
                    spot.visit(value, search)


class _Spot:
    """One path: what takes its values, and the spots below it."""

    __slots__ = ("_parts", "few", "finds", "members", "others", "shapes", "texts")

    def __init__(self, places: Sequence[Place]) -> None:
        lookups = [lookup for place in places for lookup in place.lookups()]
        #: Who takes a value, and who does beside equality.
        self.finds = _finds(lookups)
        self.others = _finds(each for each in lookups if not isinstance(each, Equal))
        #: What the keys start with by which nodes have strings that values are equal to.
        self.texts = tuple(lookup.text for lookup in lookups if isinstance(lookup, Equal))
        self._parts = places[0].node.store.table.parts
        alike: dict[tuple[Path, ...], list[Shape]] = {}
        for shape in (shape for place in places for shape in place.shapes):
            alike.setdefault(shape.paths, []).append(shape)
        self.shapes = tuple(map(Shapes, alike.values()))
        inner: dict[str, list[Place]] = {}
        for place in places:
            for name, member in list(place.members.items()):
                inner.setdefault(name, []).append(member)
        spots = {name: _Spot(members) for name, members in inner.items()}
        self.members = {name: spot for name, spot in spots.items() if spot.is_asked()}
        self.few = tuple(self.members.items()) if len(self.members) <= _FEW else None

    def is_asked(self) -> bool:
        """Tell whether anyone looks at a value here or below."""
        return bool(self.finds or self.shapes or self.members)

    def visit(self, value: Any, search: Search) -> None:
        """Let a value, its elements and its members meet what is filed here and below."""
        kind = type(value)
        if kind is list:
            self._visit_array(value, search)
            return
        if kind is dict:
            self._visit_members(value, search)
        for find in self.finds:
            find(value, search)
        if self.shapes:
            search.shapes += self.shapes

    def _visit_members(self, value: dict[str, Any], search: Search) -> None:
        few: Sequence[tuple[str, _Spot]] | None = self.few
        if few is None:
            members = self.members
            few = [(name, members[name]) for name in value if name in members]
        parts, hits = self._parts, search.hits
        for name, spot in few:
            inner = value.get(name, MISSING)
            # Nearly all values are strings: it is `visit` for them, without calls.
            if type(inner) is str:
                for text in spot.texts:
                    key = text + inner
                    posting = parts[hash(key) & MASK].get(key)
                    if posting is not None:
                        hits.append(posting)
                for find in spot.others:
                    find(inner, search)
                if spot.shapes:
                    search.shapes += spot.shapes
            elif inner is not MISSING:
                spot.visit(inner, search)

    def _visit_array(self, array: list[Any], search: Search) -> None:
        search.arrays = True
        if self.members:
            search.through = True
        for value in candidates(array):
            if type(value) is list:
                # Of an array itself, only its presence is filed.
                for find in self.finds:
                    find(value, search)
            else:
                self.visit(value, search)


def _finds(lookups: Iterable[Lookup]) -> tuple[Find, ...]:
    return tuple(dict.fromkeys(find for lookup in lookups for find in lookup.finds()))
