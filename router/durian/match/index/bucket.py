"""A bucket: a posting of many listeners, such as those of a value that is very common.

Listeners that need only their key are kept as one group. The others are filed once more, in a node
of their own, by what else they ask: else an event with a common value would have to check them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from durian.match.index.posting import Filed, Item

if TYPE_CHECKING:
    from durian.match.index.lookup import Lookup
    from durian.match.index.node import Node
    from durian.match.index.search import Search


class Bucket:
    """Many listeners under one key."""

    __slots__ = ("_changes", "_group", "_ids", "_keys", "_lookup", "_node", "_plain", "_twice")

    def __init__(self, lookup: Lookup, ids: Iterable[str] = ()) -> None:
        self._lookup = lookup
        self._ids: dict[str, None] = dict.fromkeys(ids)
        self._changes = 0
        #: The ids as one group, made when first asked for, with the count of changes it is as of.
        self._group: tuple[int, tuple[str, ...]] = (0, tuple(self._ids))
        self._node: Node | None = None
        #: Those with more to check, and how the node has each: as whom, and under which keys.
        self._keys: dict[Filed, tuple[Item, tuple[str, ...]]] = {}
        #: Of those that need only their key there, the key, by id; and who is there twice under
        #: it, as a listener is while it is changed.
        self._plain: dict[str, str] = {}
        self._twice: set[str] = set()

    def __len__(self) -> int:
        return len(self._ids) + len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def add(self, item: Item) -> None:
        """File an item."""
        if isinstance(item, str):
            self._ids[item] = None
            self._changes += 1
            return
        if self._node is None:
            self._node = self._lookup.place.node.below(self._lookup)
        if item.by is None:
            self._keys[item] = (item, self._node.file(item))
            return
        # What is left to be checked is a filter of its own: often one that needs only its key.
        before = self._plain.get(item.id)
        filed = self._node.add(item.id, item.condition, before)
        if not isinstance(filed, str):
            self._keys[item] = (filed, filed.keys)
            return
        self._keys[item] = (item.id, (filed,))
        self._plain[item.id] = filed
        if filed == before:
            self._twice.add(item.id)

    def remove(self, item: Item) -> None:
        """Take an item away."""
        if isinstance(item, str):
            self._ids.pop(item, None)
            self._changes += 1
        elif self._node is not None:
            inner, keys = self._keys.pop(item)
            if isinstance(inner, str):
                if inner in self._twice:
                    self._twice.discard(inner)
                    return
                if self._plain.get(inner) == keys[0]:
                    del self._plain[inner]
            for key in keys:
                self._lookup.store.drop(key, inner)

    def search(self, search: Search) -> None:
        """Take in the group, and those of the others that want the event."""
        changes, group = self._group
        if changes != self._changes:
            # The count is read first: a change in between makes the next search read again.
            changes = self._changes
            group = tuple(self._ids)
            self._group = (changes, group)
        if group:
            search.chunks.append(group)
        if self._node is None:
            return
        if type(search.event.data) is list:
            # What was left to be checked would have to hold of the same element.
            for item in list(self._keys):
                search.check(item)
        else:
            self._node.search(search)
