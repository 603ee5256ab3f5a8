"""Networks: for each length of a network's prefix in use, the address's network is looked up."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from durian.match.index.lookup import Ids, Store, TableLookup, ids_of
from durian.match.index.posting import Item
from durian.match.matchers.network import address

if TYPE_CHECKING:
    from durian.match.index.place import Place
    from durian.match.index.search import Search


class Networks(TableLookup):
    """Finds by the networks an address is in."""

    __slots__ = ("_lengths", "_used")

    def __init__(self, store: Store, place: Place) -> None:
        super().__init__(store, place)
        self._used: dict[tuple[int, int], int] = {}
        #: Kind of address (4, 6) and length of prefix; replaced as a whole, for readers.
        self._lengths: tuple[tuple[int, int], ...] = ()

    def put(self, argument: str, item: Item) -> str:
        """File by a network."""
        self._count(argument, 1)
        return super().put(argument, item)

    def refill(self, arguments: list[str], items: list[Ids]) -> list[str]:
        """File many by networks."""
        for argument, item in zip(arguments, items, strict=True):
            self._count(argument, len(ids_of(item)))
        return super().refill(arguments, items)

    def discard(self, argument: str, item: Item) -> None:
        """Take away from under a network."""
        super().discard(argument, item)
        self._count(argument, -1)

    def _count(self, argument: str, change: int) -> None:
        kind, length, _ = argument.split("/")
        used = (int(kind), int(length))
        self._used[used] = self._used.get(used, 0) + change
        if not self._used[used]:
            del self._used[used]
        self._lengths = tuple(self._used)

    def find(self, value: Any, search: Search) -> None:
        """Look up the address's network of each length."""
        found = address(value) if type(value) is str else None
        if found is None:
            return
        number, bits = int(found), found.max_prefixlen
        for kind, length in self._lengths:
            if kind == found.version:
                key = f"{self.prefix}{kind}/{length}/{number >> (bits - length):x}"
                posting = self.store.table.get(key)
                if posting is not None:
                    search.hits.append(posting)


def network_key(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str:
    """Write a network as an argument of `Networks`."""
    shift = network.max_prefixlen - network.prefixlen
    return f"{network.version}/{network.prefixlen}/{int(network.network_address) >> shift:x}"
