"""Users: people who log in to the web pages by name and password, and their sessions."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Final

from durian.errors import InvalidUser
from durian.registry.token import Scope, Token, check_grant, with_implied

#: A name is typed, and stands in the audit log: plain characters, so that no two look alike.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")

#: Random bytes of what names a session.
SESSION_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who logs in by a password. Moments are in seconds since the epoch.

    Raises:
        InvalidUser: names the field that cannot be used, and why.
    """

    name: str
    scopes: frozenset[Scope]
    #: Whose listeners they see and change; None: everybody's.
    owner: str | None = None
    created_at: float
    #: When the password was set.
    password_at: float

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            reason = "must be 1 to 100 letters, digits and . _ @ + -, and begin with one of them"
            raise InvalidUser("name", reason)
        check_grant(self.scopes, self.owner, InvalidUser)

    @property
    def allowed(self) -> frozenset[Scope]:
        """Their scopes, and those that come with them."""
        return with_implied(self.scopes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who is logged in. Moments are in seconds since the epoch.

    It ends with whoever it is of: a user that is removed or has a new password, a token that is
    revoked or expires.
    """

    #: By whom, or with which token; one of the two, or neither for `local`.
    user: User | None = None
    token: Token | None = None
    #: With the token of a machine: its digest. That token is no row of the registry.
    local: str | None = None
    created_at: float
    expires_at: float


def new_session_text() -> str:
    """Make what names a session, and is known to a browser alone."""
    return secrets.token_urlsafe(SESSION_BYTES)
