"""Lookups: one way each of finding listeners by a value.

A key is the lookup's number and an argument (`4f|"Joe`). Most lookups keep their postings in the
store's one table, under such keys; the others, which need an order or an automaton, on their own.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from durian.match.condition import Condition
from durian.match.index.bucket import Bucket
from durian.match.index.posting import MANY, Filed, Item, Posting
from durian.match.index.shards import MASK, Shards

if TYPE_CHECKING:
    from durian.match.index.place import Place
    from durian.match.index.search import Search

#: A posting of listeners that need only their key, as snapshots write it: one id, or several.
Ids: TypeAlias = "str | list[str]"

#: Takes a value, and adds the postings that it meets to the search's hits.
Find: TypeAlias = "Callable[[Any, Search], None]"

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Store:
    """What all parts of one index share."""

    __slots__ = ("_next", "filed", "lookups", "table")

    def __init__(self) -> None:
        #: Every posting that has a key of text, by key.
        self.table: Shards[Posting] = Shards(quick=True)
        #: Where each listener is filed: a key, or a Filed with its keys.
        self.filed: Shards[Item] = Shards()
        #: Every lookup by its number.
        self.lookups: dict[str, Lookup] = {}
        self._next = 0

    def number(self, lookup: Lookup) -> str:
        """Give a lookup a number of its own. Numbers are never used again."""
        number, rest = "", self._next
        while rest or not number:
            rest, digit = divmod(rest, 36)
            number = _DIGITS[digit] + number
        self._next += 1
        self.lookups[number] = lookup
        return number

    def lookup(self, key: str) -> Lookup:
        """Give the lookup that a key is of."""
        return self.lookups[key.partition("|")[0]]

    def drop(self, key: str, item: Item) -> None:
        """Take an item away from under a key."""
        self.lookup(key).drop(key.partition("|")[2], item)


class Lookup:
    """One way of finding listeners by the value at one place."""

    __slots__ = ("count", "number", "place", "prefix", "store")

    def __init__(self, store: Store, place: Place) -> None:
        self.store = store
        #: Where the values come from.
        self.place = place
        self.number = store.number(self)
        #: What its keys start with.
        self.prefix = f"{self.number}|"
        #: Items filed here.
        self.count = 0

    def put(self, argument: str, item: Item) -> str:  # noqa: ARG002 (each kind of lookup keeps it)
        """File an item, and give its key. Readers may be reading."""
        self.count += 1
        return self.prefix + argument

    def is_key(self, key: str, argument: str) -> bool:
        """Tell whether a key is one that an argument was filed under here."""
        return key == self.prefix + argument

    def file(self, argument: str, listener_id: str, left: Condition | None) -> Item:
        """File a listener, with what is left to be checked, and give its key or its Filed."""
        if left is None:
            return self.put(argument, listener_id)
        filed = Filed(listener_id, left, several=False, by=self)
        filed.keys = (self.put(argument, filed),)
        return filed

    def condition(self, argument: str) -> Condition:
        """Give the condition that is met by an argument; only equalities are asked."""
        raise TypeError(argument)

    def compact(self) -> None:
        """Put in order what many additions have left in pieces."""

    def drop(self, argument: str, item: Item) -> None:
        """Take an item away; the last one takes the lookup with it."""
        self.discard(argument, item)
        self.count -= 1
        if not self.count:
            del self.store.lookups[self.number]
            self.place.forget(self)

    def refill(self, arguments: list[str], items: list[Ids]) -> list[str]:
        """File many listeners that need only their key, by arguments that are new and distinct.

        Gives the keys.
        """
        for argument, item in zip(arguments, items, strict=True):
            for each in ids_of(item):
                self.put(argument, each)
        return [self.prefix + argument for argument in arguments]

    @abstractmethod
    def discard(self, argument: str, item: Item) -> None:
        """Take an item away. Readers may be reading."""

    def finds(self) -> tuple[Find, ...]:
        """Give what takes the values of the place. Equal ones of several lookups are asked once."""
        return (self.find,)

    def find(self, value: Any, search: Search) -> None:
        """Add the postings that the value meets to the search's hits. Never asked of shapes."""
        raise TypeError((value, search))


class TableLookup(Lookup):
    """A lookup whose postings are in the table."""

    __slots__ = ()

    def refill(self, arguments: list[str], items: list[Ids]) -> list[str]:
        """File many listeners in the table."""
        parts, prefix = self.store.table.parts, self.prefix
        keys = [prefix + argument for argument in arguments]
        for key, item in zip(keys, items, strict=True):
            parts[hash(key) & MASK][key] = item if type(item) is str else _posting(item, self)
        self.count += how_many(items)
        return keys

    def put(self, argument: str, item: Item) -> str:
        """File an item in the table."""
        # Written out, as all that is ever filed passes here.
        self.count += 1
        key = self.prefix + argument
        part = self.store.table.parts[hash(key) & MASK]
        posting = part.get(key)
        if posting is None:
            part[key] = item
            return key
        part[key] = added(posting, item, self)
        return self._known(key, posting)

    def _known(self, key: str, posting: Posting) -> str:
        """Give the key as somebody has it who is filed there: to be kept once, not for each."""
        first = next(iter(posting), None) if isinstance(posting, tuple | Bucket) else posting
        known = self.store.filed.get(first) if isinstance(first, str) else None
        return known if isinstance(known, str) and known == key else key

    def discard(self, argument: str, item: Item) -> None:
        """Take an item out of the table."""
        key = self.prefix + argument
        table = self.store.table
        left = removed(table.get(key), item)
        if left is None:
            table.pop(key)
        else:
            table.put(key, left)


def how_many(items: list[Ids]) -> int:
    """Count the ids of postings as snapshots write them."""
    several = [item for item in items if type(item) is not str]
    return len(items) - len(several) + sum(map(len, several))


def ids_of(item: Ids) -> list[str]:
    """Give the ids of a posting as snapshots write it."""
    return [item] if isinstance(item, str) else item


def _posting(ids: Ids, lookup: Lookup) -> Posting:
    return Bucket(lookup, ids) if len(ids) > MANY else tuple(ids)


def added(posting: Posting, item: Item, lookup: Lookup) -> Posting:
    """Give the posting with one more item."""
    if isinstance(posting, Bucket):
        posting.add(item)
        return posting
    if not isinstance(posting, tuple):
        return (posting, item)
    if len(posting) < MANY:
        return (*posting, item)
    bucket = Bucket(lookup)
    for each in (*posting, item):
        bucket.add(each)
    return bucket


def removed(posting: Posting | None, item: Item) -> Posting | None:
    """Give the posting without the item, or None when nothing is left."""
    if posting is None or posting is item or posting == item:
        return None
    if isinstance(posting, Bucket):
        posting.remove(item)
        return posting if len(posting) else None
    if not isinstance(posting, tuple):
        return posting
    left = tuple(each for each in posting if each is not item and each != item)
    return left[0] if len(left) == 1 else left or None
