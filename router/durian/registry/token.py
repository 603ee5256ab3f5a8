"""API tokens: who may do what by HTTP, and whose listeners they may see."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final, Literal, get_args

from durian.errors import InvalidInput, InvalidToken
from durian.registry.listener import readable_tail
from durian.registry.owner import check_owner

#: What a token or a user may do. `publish`: publish events. `read`: look at everything but tokens,
#: users and the audit log. `manage`: add, change and remove. `replay`: send again. `admin`: all
#: that, and these.
Scope = Literal["publish", "read", "manage", "replay", "admin"]

#: All of them.
SCOPES: tuple[Scope, ...] = get_args(Scope)

#: Scopes that come with another one: who may change something may look at it.
_IMPLIED: Final[dict[Scope, frozenset[Scope]]] = {
    "publish": frozenset(),
    "read": frozenset(),
    "manage": frozenset({"read"}),
    "replay": frozenset({"read"}),
    "admin": frozenset(SCOPES),
}

#: What every token begins with, so that scanners for leaked secrets can know it:
#: `durian_[a-z0-9]{8}_[A-Za-z0-9_-]{43}`.
PREFIX = "durian_"

#: Random bytes of a token: as many as SHA-256 gives out, so that guessing either costs the same.
SECRET_BYTES = 32

#: Requests a second that can be allowed at most.
MAX_RATE_PER_S = 1_000_000

#: Characters of a name, which is for people.
MAX_NAME_LENGTH = 200

_TEXT = re.compile(r"durian_(?P<id>[a-z0-9]{8})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An API token without its secret. Moments are in seconds since the epoch.

    Raises:
        InvalidToken: names the field that cannot be used, and why.
    """

    #: It stands in the token itself, so that a leaked one can be revoked by whoever finds it.
    id: str
    #: For people.
    name: str
    scopes: frozenset[Scope]
    #: Whose listeners it sees and changes; None: everybody's.
    owner: str | None = None
    #: Requests a second; None: as many as the deployment allows a token.
    rate_per_s: float | None = None
    created_at: float
    #: From when on it is worth nothing; None: never.
    expires_at: float | None = None
    #: When it was last used, give or take a minute.
    last_used_at: float | None = None

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > MAX_NAME_LENGTH or "\0" in self.name:
            raise InvalidToken("name", f"must be 1 to {MAX_NAME_LENGTH} characters, and no NUL")
        check_grant(self.scopes, self.owner, InvalidToken)
        if self.rate_per_s is not None and not 0 < self.rate_per_s <= MAX_RATE_PER_S:
            raise InvalidToken("rate_per_s", f"must be above 0 and at most {MAX_RATE_PER_S}")

    @property
    def allowed(self) -> frozenset[Scope]:
        """Its scopes, and those that come with them."""
        return with_implied(self.scopes)

    def is_valid(self, now: float) -> bool:
        """Tell whether it is worth something at a moment."""
        return self.expires_at is None or now < self.expires_at


def with_implied(scopes: frozenset[Scope]) -> frozenset[Scope]:
    """Return scopes, and those that come with them."""
    return scopes.union(*(_IMPLIED[scope] for scope in scopes))


def check_grant(scopes: Collection[str], owner: str | None, error: type[InvalidInput]) -> None:
    """Raise an error unless scopes can be given to somebody, who may be bound to an owner."""
    if not scopes:
        raise error("scopes", "are missing", hint=f"They are {', '.join(SCOPES)}.")
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise error("scopes", f"{unknown[0]!r} is none of {', '.join(SCOPES)}")
    if owner is None:
        return
    try:
        check_owner(owner)
    except ValueError as exc:
        raise error("owner", str(exc)) from exc
    if "admin" in scopes:
        raise error("scopes", "who is bound to an owner cannot have the scope admin")


def new_token_id() -> str:
    """Make an id of eight characters."""
    return (readable_tail() + readable_tail())[:8]


def new_token_text(token_id: str) -> str:
    """Make the text of a token: shown once, and not kept."""
    return f"{PREFIX}{token_id}_{secrets.token_urlsafe(SECRET_BYTES)}"


def id_in(text: str) -> str | None:
    """Return the id that stands in the text of a token; None when it is no token."""
    found = _TEXT.fullmatch(text)
    return found["id"] if found else None


def digest(text: str) -> str:
    """Return what is kept of a token. SHA-256 is enough: nobody guesses 32 random bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


def is_same(text: str, kept: str) -> bool:
    """Tell whether a token is the one of which a digest was kept, in constant time."""
    return compare_digest(digest(text), kept)
