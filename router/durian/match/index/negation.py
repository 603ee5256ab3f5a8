"""Negations: filters that only say what must not be.

Nearly every event fulfils such a filter, so what is looked up is who does *not* want the event: a
node of the opposites, which are filters as any others.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from durian.match.condition import Condition, Either, Nowhere
from durian.match.index.access import Asked, Skip, best_cover, conjuncts, meaningful, open_questions
from durian.match.index.lookup import Lookup, Store
from durian.match.index.paths import at_path
from durian.match.index.posting import Filed, Item
from durian.match.index.search import Search
from durian.match.matchers import Exists, Missing

if TYPE_CHECKING:
    from durian.match.index.node import Node
    from durian.match.index.place import Place


class Negation(Lookup):
    """Finds all but those whose opposite is found."""

    __slots__ = ("_changes", "_group", "_node", "_opponents", "_serial", "_wanting")

    def __init__(self, store: Store, place: Place) -> None:
        super().__init__(store, place)
        self._node: Node = place.node.empty()
        self._serial = 0
        #: Who is filed here, by a name under which nobody was filed before: a listener that is
        #: being changed is here twice.
        self._wanting: dict[str, Filed] = {}
        self._opponents: dict[Item, Filed] = {}
        self._changes = 0
        #: All ids, with the count of changes they are as of.
        self._group: tuple[int, tuple[str, ...]] = (0, ())

    def put(self, argument: str, item: Item) -> str:
        """File an item by its opposite."""
        if not isinstance(item, Filed):
            raise TypeError(item)
        against = opposite(meaningful(conjuncts(item.condition)), self.place.node.skip)
        if against is None:
            raise TypeError(item.condition)
        self._serial += 1
        opponent = Filed(str(self._serial), against, several=True)
        opponent.keys = self._node.file(opponent)
        self._opponents[item] = opponent
        self._wanting[opponent.id] = item
        self._changes += 1
        return super().put(argument, item)

    def discard(self, argument: str, item: Item) -> None:  # noqa: ARG002 (its condition says it all)
        """Take an item away."""
        opponent = self._opponents.pop(item)
        del self._wanting[opponent.id]
        self._changes += 1
        for each in opponent.keys:
            self.store.drop(each, opponent)

    def find(self, value: Any, search: Search) -> None:  # noqa: ARG002 (whatever it is)
        """Find all but those whose opponents are found."""
        against = Search(search.event)
        self._node.meet(against)
        against.settle()
        if against.through or search.arrays:
            # Within an array, `not` is of the one element: opposites say nothing there.
            search.hits += list(self._wanting.values())
            return
        excluded = {*against.ids, *itertools.chain(*against.chunks)}
        group = self._all()
        if excluded:
            wanting = list(self._wanting.items())
            group = tuple(filed.id for name, filed in wanting if name not in excluded)
        if group:
            search.chunks.append(group)

    def _all(self) -> tuple[str, ...]:
        changes, group = self._group
        if changes != self._changes:
            changes = self._changes
            group = tuple(filed.id for filed in list(self._wanting.values()))
            self._group = (changes, group)
        return group


def opposite(asked: list[Asked], skip: Skip) -> Condition | None:
    """Give what must not hold, when that is all that is asked and can be looked up."""
    against: list[Condition] = []
    for each in open_questions(asked, skip):
        if isinstance(each.condition, Nowhere):
            against.append(at_path(each.path, each.condition.part))
        elif isinstance(each.condition, Missing):
            against.append(at_path(each.path, Exists()))
        else:
            return None
    if not against:
        return None
    either = Either(tuple(against))
    return either if best_cover(conjuncts(either)) is not None else None
