"""The pages of listeners, in both houses they stand in: the project's own pages, and the admin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from durian.registry.principal import Principal


@dataclass(frozen=True, slots=True)
class Place:
    """Where pages stand: how they are named, and what they extend."""

    #: The template that pages extend.
    base: str
    #: The name of each page's URL.
    names: Mapping[str, str]
    #: Whether everybody here is staff, whose permissions alone count; else owners may do more.
    staff: bool

    def url(self, page: str, *args: Any) -> str:
        """The URL of a page."""
        return str(reverse(self.names[page], args=args))


#: Every page, in the order of the menu and below it.
PAGES = (
    "listeners",
    "select_event",
    "create_listener",
    "listener",
    "change_listener",
    "remove_listener",
    "rotate_secret",
    "send_event",
    "attempts",
    "dead_letters",
    "dead_letters_of",
)

#: The project's own pages, by `include("durian.django.urls")`.
SITE = Place("durian/base.html", {page: f"durian:{page}" for page in PAGES}, staff=False)

#: The admin's, some under the names by which it looks for them.
ADMIN = Place(
    "durian/admin_base.html",
    {page: f"admin:durian_{page}" for page in PAGES}
    | {
        "listeners": "admin:durian_listener_changelist",
        "select_event": "admin:durian_listener_add",
        "listener": "admin:durian_listener_change",
        "remove_listener": "admin:durian_listener_delete",
        "attempts": "admin:durian_attempt_changelist",
        "dead_letters": "admin:durian_deadletter_changelist",
    },
    staff=True,
)


@dataclass(frozen=True, slots=True)
class Rights:
    """What a user may do at a place."""

    user: Any
    place: Place

    def may(self, action: str, model: str = "listener") -> bool:
        """Tell whether they may do something to every listener."""
        return bool(self.user.has_perm(f"durian.{action}_{model}"))

    def principal(self, action: str) -> Principal | None:
        """In whose name they may do something: everybody's, or their own; None when in neither."""
        name = f"user {self.user.get_username()}"
        if self.may(action):
            return Principal(name=name)
        return None if self.place.staff else Principal(name=name, owner=self.owner)

    @property
    def owner(self) -> str:
        """The owner of the listeners that are theirs: by key, for a name may change."""
        return f"user:{self.user.pk}"

    @property
    def adds(self) -> bool:
        """Whether they may add listeners."""
        return self.may("add")

    @property
    def emits(self) -> bool:
        """Whether they may send events by hand."""
        return bool(self.user.has_perm("durian.emit_event"))

    @property
    def sees_attempts(self) -> bool:
        """Whether they may see everybody's attempts."""
        return self.may("view", "attempt")

    @property
    def sees_dead_letters(self) -> bool:
        """Whether they may see everybody's dead letters."""
        return self.may("view", "deadletter")
