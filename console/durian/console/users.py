"""Making users of the web pages, and showing them."""

from __future__ import annotations

import getpass
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from durian.console.moments import moment
from durian.errors import InvalidUser
from durian.registry.portal_link import USUAL_SCOPES
from durian.registry.token import Scope
from durian.registry.user import User

if TYPE_CHECKING:
    from durian.registry.store import Store

#: Of a table of users.
COLUMNS: Final = ("name", "scopes", "owner", "created", "password set")

#: Users read at once.
_PAGE = 1000


def new_user(name: str, scopes: Collection[str], owner: str | None = None) -> User:
    """Make a user who may do everything, or so for an owner, unless told otherwise.

    Raises InvalidUser.
    """
    now = time.time()
    usual: Collection[str] = {"admin"} if owner is None else USUAL_SCOPES
    return User(
        name=name,
        scopes=frozenset(cast("Collection[Scope]", scopes or usual)),
        owner=owner,
        created_at=now,
        password_at=now,
    )


def ask_password() -> str:
    """Ask for a new password twice, or read it from a pipe. Raises InvalidUser."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise InvalidUser("password", "was not typed alike both times")
    return password


def pages(store: Store) -> Iterator[User]:
    """All users by name, read in pages."""
    after: str | None = None
    while page := store.list_users(after=after, limit=_PAGE):
        yield from page
        after = page[-1].name


def described(user: User) -> Mapping[str, object]:
    """A user as one JSON object."""
    return {
        "name": user.name,
        "scopes": sorted(user.scopes),
        "owner": user.owner,
        "created_at": user.created_at,
        "password_at": user.password_at,
    }


def row(user: User) -> Sequence[str]:
    """A user as a row of COLUMNS."""
    return (
        user.name,
        " ".join(sorted(user.scopes)),
        user.owner or "",
        moment(round(user.created_at * 1000)),
        moment(round(user.password_at * 1000)),
    )
