"""Making links to an owner's portal."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Final, cast

from durian.errors import InvalidToken
from durian.registry.portal_link import USUAL_SCOPES, PortalLink
from durian.registry.token import Scope

if TYPE_CHECKING:
    from durian.console.settings import Settings

#: Seconds that a link works unless told otherwise: an application makes one for each visit.
EXPIRES_IN_S: Final = 3600.0

#: Seconds that a link works at most: it is written nowhere, and so nobody can revoke it.
LONGEST_S: Final = 7 * 24 * 3600.0

#: Where the portal's pages begin.
PATH: Final = "/portal"


def new_link(owner: str, scopes: Collection[str] | None, expires_in_s: float) -> PortalLink:
    """Make a link; without scopes, to everything that an owner can do. Raises InvalidToken."""
    if not 0 < expires_in_s <= LONGEST_S:
        reason = f"must be above 0, and {LONGEST_S:.0f} (7 days) at most"
        raise InvalidToken("expires_in_s", reason, hint="Links cannot be revoked: make one anew.")
    return PortalLink(
        owner=owner,
        scopes=frozenset(cast("Collection[Scope]", scopes)) if scopes else USUAL_SCOPES,
        expires_at=time.time() + expires_in_s,
    )


def address(settings: Settings, sealed: str) -> str:
    """The URL of a link, by what it is sealed as."""
    base = settings.public_url or f"http://{settings.api_host}:{settings.api_port}"
    return f"{base}{PATH}/{sealed}/"
