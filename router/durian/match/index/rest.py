"""The rest: listeners that no value leads to. Each of them is checked with every event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durian.match.index.lookup import Lookup, Store
from durian.match.index.posting import Filed, Item

if TYPE_CHECKING:
    from durian.match.index.place import Place
    from durian.match.index.search import Search


class Scan(Lookup):
    """Finds by checking one by one."""

    __slots__ = ("_filed",)

    def __init__(self, store: Store, place: Place) -> None:
        super().__init__(store, place)
        self._filed: dict[Item, None] = {}

    def put(self, argument: str, item: Item) -> str:
        """File an item."""
        self._filed[item] = None
        return super().put(argument, item)

    def discard(self, argument: str, item: Item) -> None:  # noqa: ARG002 (nothing tells them apart)
        """Take an item away."""
        self._filed.pop(item, None)

    def find(self, value: Any, search: Search) -> None:  # noqa: ARG002 (whatever it is)
        """Hand all of them on to be checked."""
        search.hits += [item for item in list(self._filed) if isinstance(item, Filed)]
