"""Index: which of all listeners want an event."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path as FilePath

from durian.errors import InvalidInput
from durian.events import Event
from durian.match.condition import Condition
from durian.match.condition import found as is_found
from durian.match.event_pattern import check_event_pattern, means
from durian.match.filter import Filter
from durian.match.index.lookup import Lookup, Store, how_many, ids_of
from durian.match.index.matches import Matches
from durian.match.index.node import Node
from durian.match.index.plan import Plan
from durian.match.index.posting import Item
from durian.match.index.quick import quick_place, read_left
from durian.match.index.search import Search
from durian.match.index.shards import MASK
from durian.match.index.snapshot import Group, restore, save
from durian.match.index.staying import set_apart, without_collection
from durian.match.index.topics import Topics
from durian.match.parsing import read_text

#: Listeners that are loaded in one go, while other writers wait: less than a millisecond's worth.
_BATCH = 64

#: Listeners that are put in order before they are loaded: a megabyte of them. More gains nothing.
_SORTED = 4096

#: Listeners from which on an index is large.
_LARGE = 10_000

#: Moved listeners that are remembered, for events that were on their way: one takes a microsecond.
_MOVED = 1024

#: Types of events whose plans are kept: some kilobytes each.
_PLANS = 2000


class Index:
    """All listeners' event patterns and filters, asked with one event at a time.

    Any thread may call any method: writers wait for one another, readers for no one. What a writer
    has done is seen by every `match` that starts afterwards.
    """

    __slots__ = ("_changing", "_filed", "_moved", "_plans", "_topics", "_turn", "_writing", "store")

    def __init__(self) -> None:
        #: What all parts share.
        self.store = Store()
        self._topics: Topics[Node] = Topics()
        self._filed = self.store.filed
        self._writing = threading.Lock()
        #: Odd while a listener is filed twice, in its old place and its new one.
        self._changing = 0
        #: How many listeners were moved, and of the last of them: the count before, id, event
        #: pattern and what they want now.
        self._turn = 0
        #: How events of a type meet their listeners, for types that were met lately.
        self._plans: dict[str, Plan] = {}
        self._moved: deque[tuple[int, str, str, Condition]] = deque(maxlen=_MOVED)

    def __len__(self) -> int:
        return len(self._filed)

    def add(self, listener_id: str, event_pattern: str, filter: Filter) -> None:  # noqa: A002 (the design's word)
        """File a listener, in place of what was filed under its id. Raises InvalidListener."""
        with self._writing:
            self._replace(listener_id, event_pattern, filter.condition)

    def load(self, rows: Iterable[tuple[str, str, str]]) -> dict[str, InvalidInput]:
        """File many listeners, given by id, event pattern and filter (JSON), as `add` does each.

        Gives those that were refused, by id, and why. Filing a million takes seconds: events can be
        matched meanwhile. Once there are no more, call `settle`.
        """
        refused: dict[str, InvalidInput] = {}
        with without_collection():
            waiting = iter(rows)
            while some := list(itertools.islice(waiting, _SORTED)):
                alike = _alike(some)
                for start in range(0, len(alike), _BATCH):
                    self._load(alike[start : start + _BATCH], refused)
        return refused

    def settle(self) -> None:
        """Put in order what was loaded or restored, for matching to be faster from then on.

        Call it once the listeners are all there, however many will come and go later. A large index
        takes seconds, in which events can be matched; it is kept out of garbage collections from
        then on, and with it all that the process has at that time. Where there are large pages of
        memory, the kernel moves it there in the background.
        """
        with self._writing:
            for lookup in self.store.lookups.values():
                lookup.compact()
        if len(self) >= _LARGE:
            set_apart()

    def save(self, path: FilePath, mark: str = "") -> None:
        """Write all listeners to a file, in place of the one that is there.

        `mark` comes back from `restore`: say in it of which version of the registry the index is.
        Other writers wait meanwhile, readers do not.
        """
        with self._writing:
            save(self, path, mark)

    @classmethod
    def restore(cls, path: FilePath) -> tuple[Index, str]:
        """Read an index that `save` has written, and its mark: many times faster than `load`.

        Keep the file where nobody else can write: it is checked for damage, not for malice. Raises
        SnapshotUnusable; then load the listeners from where they come from.
        """
        index = cls()
        with without_collection():
            mark = restore(index, path)
        return index, mark

    def remove(self, listener_id: str) -> None:
        """Forget a listener. Harmless when there is none of that id."""
        with self._writing:
            old = self._filed.pop(listener_id)
            if old is not None:
                self._drop(listener_id, old)

    def match(self, event: Event) -> Sequence[str]:
        """Give the ids of the listeners that want the event, each once, in no particular order."""
        changing, turn = self._changing, self._turn
        search = Search(event)
        nodes = self._topics.find(event.type)
        if nodes:
            self._plan(event.type, nodes).meet(search)
            search.settle()
        ids = search.ids
        if search.repeated:
            ids = list(dict.fromkeys(ids))
        found: Sequence[str] = Matches([ids, *search.chunks]) if search.chunks else ids
        if changing & 1 or changing != self._changing:
            # Who was just moved may have been met in both places.
            found = list(dict.fromkeys(found))
        return found if turn == self._turn else self._with_moved(found, event, turn)

    def _plan(self, event_type: str, nodes: tuple[Node, ...]) -> Plan:
        plan = self._plans.get(event_type)
        if plan is None or plan.nodes is not nodes or not plan.is_current():
            if len(self._plans) >= _PLANS:
                self._plans.clear()
            plan = self._plans[event_type] = Plan(nodes)
        return plan

    def _load(self, rows: list[tuple[str, str, str]], refused: dict[str, InvalidInput]) -> None:
        parts = self._filed.parts
        with self._writing:
            for listener_id, pattern, form in rows:
                part = parts[hash(listener_id) & MASK]
                node = self._topics.get(pattern)
                quick = None
                if node is not None and listener_id not in part:
                    quick = quick_place(node, form)
                if node is None or quick is None:
                    try:
                        self._replace(listener_id, pattern, read_text(form))
                    except InvalidInput as exc:
                        refused[listener_id] = exc
                    continue
                lookup, argument, left = quick
                if left is None:
                    part[listener_id] = lookup.put(argument, listener_id)
                else:
                    part[listener_id] = lookup.file(argument, listener_id, left)
                node.size += 1

    def _replace(self, listener_id: str, pattern: str, condition: Condition) -> None:
        check_event_pattern(pattern)
        old = self._filed.get(listener_id)
        node = self._topics.get(pattern) or Node(self.store, pattern)
        if old is not None:
            self._changing += 1
        try:
            self._put(node, listener_id, condition, old)
        finally:
            self._changing += self._changing & 1

    def _put(self, node: Node, listener_id: str, condition: Condition, old: Item | None) -> None:
        item = node.add(listener_id, condition, old)
        if item == old:
            return
        self._filed.put(listener_id, item)
        node.size += 1
        if node.size == 1:
            self._topics.put(node.pattern, node)
        if old is not None:
            # Last, so that at no time it is filed nowhere.
            self._moved.append((self._turn, listener_id, node.pattern, condition))
            self._turn += 1
            self._drop(listener_id, old)

    def _with_moved(self, found: Sequence[str], event: Event, turn: int) -> Sequence[str]:
        """Add who was moved meanwhile: such a one may have been met in neither place."""
        if self._turn - turn > _MOVED:
            return self.match(event)
        added = dict.fromkeys(found)
        for at, listener_id, pattern, condition in list(self._moved):
            wanted = at >= turn and means(pattern, event.type)
            if wanted and is_found(condition, event.data, event):
                added[listener_id] = None
        return list(added)

    def _drop(self, listener_id: str, old: Item) -> None:
        """Take a listener away from where it was filed."""
        keys, item = ((old,), listener_id) if isinstance(old, str) else (old.keys, old)
        node = self.store.lookup(keys[0]).place.node
        for key in keys:
            self.store.drop(key, item)
        node.size -= 1
        if not node.size:
            self._topics.remove(node.pattern)

    def refill(self, group: Group) -> None:
        """File the listeners of one lookup, as a snapshot has them."""
        node = self._topics.get(group.pattern) or Node(self.store, group.pattern)
        if group.paths:
            lookup: Lookup = node.shape(group.paths)
        else:
            lookup = node.lookup(group.path, group.kind)
        parts = self._filed.parts
        if group.left:
            rows = zip(group.arguments, group.items, group.left, strict=True)
            for argument, item, left in rows:
                for each in ids_of(item):
                    parts[hash(each) & MASK][each] = lookup.file(argument, each, read_left(left))
        else:
            keys = lookup.refill(group.arguments, group.items)
            # Written out, as a router waits for it: nearly always it is one listener.
            for key, item in zip(keys, group.items, strict=True):
                if type(item) is str:
                    parts[hash(item) & MASK][item] = key
                else:
                    for each in item:
                        parts[hash(each) & MASK][each] = key
        node.size += how_many(group.items)
        self._topics.put(node.pattern, node)

    def everyone(self) -> Iterator[tuple[str, Item]]:
        """Give every listener and where it is filed; those of the moment each is come to."""
        for part in self._filed.parts:
            yield from list(part.items())

    def is_empty(self) -> bool:
        """Tell whether nothing is left of what was ever filed."""
        store = self.store
        return not (len(self._filed) or len(store.table) or store.lookups or list(self._topics))


def _alike(rows: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Put those one after the other that ask alike, unless an id is there twice.

    What they are filed with is in the processor's reach then: it takes a sixth less time.
    """
    distinct = len({row[0] for row in rows}) == len(rows)
    return sorted(rows, key=itemgetter(2)) if distinct else rows
