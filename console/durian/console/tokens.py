"""Making API tokens, and showing them without what makes them work."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict, cast

from durian.console.moments import moment, read_duration
from durian.errors import InvalidToken
from durian.registry.token import Scope, Token, new_token_id, new_token_text

if TYPE_CHECKING:
    from durian.registry.store import Store

#: What is written for a token that does not expire.
NEVER = "never"

#: Tokens read at once.
_PAGE = 1000

#: Of a table of tokens.
COLUMNS = ("id", "name", "scopes", "owner", "created", "expires", "last used")


class Limits(TypedDict):
    """What a token is bound to."""

    #: Whose listeners it sees and changes; None: everybody's.
    owner: str | None
    #: None: for ever.
    expires_in_s: float | None
    #: Requests a second; None: as the deployment has it.
    rate_per_s: float | None


def new_token(name: str, scopes: Collection[str], limits: Limits) -> tuple[Token, str]:
    """Make a token and its text, which is shown this once. Raises InvalidToken."""
    expires_in_s = limits["expires_in_s"]
    if expires_in_s is not None and expires_in_s <= 0:
        raise InvalidToken("expires_in_s", "is not above 0")
    now = time.time()
    token = Token(
        id=new_token_id(),
        name=name,
        scopes=frozenset(cast("Collection[Scope]", scopes)),
        owner=limits["owner"],
        rate_per_s=limits["rate_per_s"],
        created_at=now,
        expires_at=None if expires_in_s is None else now + expires_in_s,
    )
    return token, new_token_text(token.id)


def lifetime(option: str, text: str) -> float | None:
    """Read how long a token is to work, in seconds; None: for ever. Raises InvalidInput."""
    return None if text == NEVER else read_duration(option, text)


def pages(store: Store) -> Iterator[Token]:
    """All tokens by id, read in pages."""
    after: str | None = None
    while page := store.list_tokens(after=after, limit=_PAGE):
        yield from page
        after = page[-1].id


def described(token: Token) -> Mapping[str, object]:
    """A token as one JSON object."""
    return {
        "id": token.id,
        "name": token.name,
        "scopes": sorted(token.scopes),
        "owner": token.owner,
        "rate_per_s": token.rate_per_s,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
    }


def row(token: Token) -> Sequence[str]:
    """A token as a row of COLUMNS."""
    return (
        token.id,
        token.name,
        " ".join(sorted(token.scopes)),
        token.owner or "",
        _when(token.created_at),
        NEVER if token.expires_at is None else _when(token.expires_at),
        _when(token.last_used_at),
    )


def _when(at: float | None) -> str:
    return moment(None if at is None else round(at * 1000))
