"""Portal links: for a while, whoever has one sees and changes one owner's listeners."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from durian.errors import InvalidToken
from durian.registry.token import SCOPES, Scope, check_grant

#: What a link is sealed for: no other sealed text opens as one.
CONTEXT: Final = "durian_portal"

#: What a link allows unless told otherwise: everything that an owner can do.
USUAL_SCOPES: Final[frozenset[Scope]] = frozenset({"manage", "replay"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalLink:
    """What a link says. It is kept nowhere but in the link itself.

    Raises:
        InvalidToken: names the field that cannot be used, and why.
    """

    owner: str
    scopes: frozenset[Scope] = USUAL_SCOPES
    #: From when on it is worth nothing, in seconds since the epoch.
    expires_at: float

    def __post_init__(self) -> None:
        check_grant(self.scopes, self.owner, InvalidToken)

    def to_text(self) -> str:
        """Write it."""
        return json.dumps([self.owner, sorted(self.scopes), self.expires_at])

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read it back."""
        owner, scopes, expires_at = json.loads(text)
        # What a newer version allows besides is left out: both may run beside each other.
        return cls(
            owner=owner, scopes=frozenset(SCOPES).intersection(scopes), expires_at=expires_at
        )


def to_url(sealed: str) -> str:
    """Write a sealed text so that it can be part of a URL's path."""
    return sealed.translate(_URL).rstrip("=")


def from_url(part: str) -> str:
    """Read it back."""
    form, _, rest = part.translate(_PLAIN).partition(".")
    key, _, blob = rest.partition(".")
    return f"{form}.{key}.{blob + '=' * (-len(blob) % 4)}"


#: Base64's two characters that URLs give another meaning (RFC 4648, 5).
_URL: Final[Mapping[int, Any]] = str.maketrans("+/", "-_")
_PLAIN: Final[Mapping[int, Any]] = str.maketrans("-_", "+/")
