"""Index: which of all listeners want an event."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterable, Sequence

from durian.errors import InvalidInput
from durian.events import Event
from durian.match.condition import Condition
from durian.match.event_pattern import check_event_pattern
from durian.match.filter import Filter
from durian.match.index.lookup import Store
from durian.match.index.matches import Matches
from durian.match.index.node import Node
from durian.match.index.posting import Item
from durian.match.index.quick import quick_place
from durian.match.index.search import Search
from durian.match.index.shards import Shards
from durian.match.index.topics import Topics


class Index:
    """All listeners' event patterns and filters, asked with one event at a time.

    Any thread may call any method: writers wait for one another, readers for no one. What a writer
    has done is seen by every `match` that starts afterwards.
    """

    __slots__ = ("_changing", "_filed", "_store", "_topics", "_writing")

    def __init__(self) -> None:
        self._store = Store()
        self._topics: Topics[Node] = Topics()
        #: Where each listener is filed: a key, or a Filed with its keys.
        self._filed: Shards[Item] = Shards()
        self._writing = threading.Lock()
        #: Odd while a listener is filed twice, in its old place and its new one.
        self._changing = 0

    def __len__(self) -> int:
        return len(self._filed)

    def add(self, listener_id: str, event_pattern: str, filter: Filter) -> None:  # noqa: A002 (the design's word)
        """File a listener, in place of what was filed under its id. Raises InvalidListener."""
        check_event_pattern(event_pattern)
        with self._writing:
            old = self._filed.get(listener_id)
            node = self._topics.get(event_pattern) or Node(self._store, event_pattern)
            if old is not None:
                self._changing += 1
            try:
                self._put(node, listener_id, filter.condition, old)
            finally:
                self._changing += self._changing & 1

    def load(self, rows: Iterable[tuple[str, str, str]]) -> dict[str, InvalidInput]:
        """File many listeners, given by id, event pattern and filter (JSON), as `add` does each.

        Gives those that were refused, by id, and why. Filing a million takes seconds: events can be
        matched meanwhile. What is filed is kept out of garbage collections from then on, as there
        is no garbage in it, and going through it takes long.
        """
        refused: dict[str, InvalidInput] = {}
        collecting = gc.isenabled()
        gc.disable()
        try:
            for listener_id, pattern, form in rows:
                try:
                    self._load(listener_id, pattern, form)
                except InvalidInput as exc:
                    refused[listener_id] = exc
        finally:
            if collecting:
                gc.enable()
        gc.collect()
        gc.freeze()
        return refused

    def remove(self, listener_id: str) -> None:
        """Forget a listener. Harmless when there is none of that id."""
        with self._writing:
            old = self._filed.pop(listener_id)
            if old is not None:
                self._drop(listener_id, old)

    def match(self, event: Event) -> Sequence[str]:
        """Give the ids of the listeners that want the event, each once, in no particular order."""
        changing = self._changing
        search = Search(event)
        for node in self._topics.find(event.type):
            node.search(search)
        ids = search.ids
        if search.met:
            ids += search.met
        found: Sequence[str] = Matches([ids, *search.chunks]) if search.chunks else ids
        if changing & 1 or changing != self._changing:
            # A listener that was just moved may have been met in both places.
            return list(dict.fromkeys(found))
        return found

    def _load(self, listener_id: str, pattern: str, form: str) -> None:
        with self._writing:
            node = self._topics.get(pattern)
            if node is not None and self._filed.get(listener_id) is None:
                place = quick_place(node, form)
                if place is not None:
                    lookup, argument = place
                    self._filed.put(listener_id, lookup.put(argument, listener_id))
                    node.size += 1
                    return
        self.add(listener_id, pattern, Filter.parse(form))

    def _put(self, node: Node, listener_id: str, condition: Condition, old: Item | None) -> None:
        item = node.add(listener_id, condition, old)
        if item == old:
            return
        self._filed.put(listener_id, item)
        node.size += 1
        if node.size == 1:
            self._topics.put(node.pattern, node)
        # Last, so that at no time it is filed nowhere.
        if old is not None:
            self._drop(listener_id, old)

    def _drop(self, listener_id: str, old: Item) -> None:
        """Take a listener away from where it was filed."""
        keys, item = ((old,), listener_id) if isinstance(old, str) else (old.keys, old)
        node = self._store.lookup(keys[0]).place.node
        for key in keys:
            self._store.drop(key, item)
        node.size -= 1
        if not node.size:
            self._topics.remove(node.pattern)

    def is_empty(self) -> bool:
        """Tell whether nothing is left of what was ever filed."""
        store = self._store
        return not (len(self._filed) or len(store.table) or store.lookups or list(self._topics))
