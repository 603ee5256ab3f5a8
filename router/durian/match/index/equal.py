"""Equality at one place, and presence: the value, as text, is the key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durian.match.condition import Condition
from durian.match.index.lookup import Store, TableLookup
from durian.match.index.paths import at_path
from durian.match.matchers import Is
from durian.match.values import canonical, is_scalar, uncanonical

if TYPE_CHECKING:
    from durian.match.index.place import Place
    from durian.match.index.search import Search


class Equal(TableLookup):
    """Finds by a string, number, boolean or null."""

    __slots__ = ("text",)

    def __init__(self, store: Store, place: Place) -> None:
        super().__init__(store, place)
        #: What the keys of strings start with, which plans look up by themselves.
        self.text = self.prefix + canonical("")

    def find(self, value: Any, search: Search) -> None:
        """Look the value up."""
        if is_scalar(value):
            posting = self.store.table.get(self.prefix + canonical(value))
            if posting is not None:
                search.hits.append(posting)

    def condition(self, argument: str) -> Condition:
        """Give the condition that is met by an argument."""
        return at_path(self.place.path, Is(uncanonical(argument)))


class EqualFolded(TableLookup):
    """Finds by a string, ignoring case."""

    __slots__ = ()

    def find(self, value: Any, search: Search) -> None:
        """Look the folded value up."""
        if type(value) is str:
            posting = self.store.table.get(self.prefix + value.casefold())
            if posting is not None:
                search.hits.append(posting)


class Present(TableLookup):
    """Finds by there being a value at all."""

    __slots__ = ()

    def find(self, value: Any, search: Search) -> None:  # noqa: ARG002 (whatever it is, it is there)
        """Find all that are filed here."""
        posting = self.store.table.get(self.prefix)
        if posting is not None:
            search.hits.append(posting)
