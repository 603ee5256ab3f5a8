"""The portal's door: a link that says by itself whose listeners may be seen, and until when.

The link is a key, and the first part of the address of every page behind it: no cookie is needed,
which browsers would keep from a page within another site's frame.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from durian.console.api.access import Caller
from durian.console.api.services import Services
from durian.console.pages.session import caller_with
from durian.console.pages.visit import Visit
from durian.registry.portal_link import PortalLink
from durian.registry.token import Token, digest

#: The parameter of the path that holds a link's key.
KEY: Final = "key"

#: Keys that are remembered: opening one costs little, and a page is asked for every few seconds.
REMEMBERED: Final = 1000


class PortalDoor:
    """Knows owners by the key in the address. Safe to share by threads."""

    def __init__(self, services: Services, *, now: Callable[[], float] = time.time) -> None:
        self._services = services
        self._now = now
        self._lock = threading.Lock()
        self._known: dict[str, PortalLink] = {}

    def secret(self, request: Request) -> str:
        """The key: nobody else knows it."""
        return str(request.path_params[KEY])

    def guest(self, request: Request) -> Caller | None:
        """Whoever has a link that is good still."""
        text = self.secret(request)
        link = self._known.get(digest(text)) or self._open(text)
        if link is None or self._now() >= link.expires_at:
            return None
        token = Token(
            id=f"portal {link.owner}",
            name=link.owner,
            scopes=link.scopes,
            owner=link.owner,
            created_at=0.0,
        )
        return caller_with(token, self._services, f"portal {link.owner}")

    def ask(self, visit: Visit) -> Response:
        """Say that the link is good no more: another one comes from where it came from."""
        return visit.page("link_over.html", HTTPStatus.UNAUTHORIZED, title="This link has expired")

    def leave(self, visit: Visit, response: Response) -> None:
        """Nothing is to be remembered."""

    def _open(self, text: str) -> PortalLink | None:
        link = self._services.store.open_link(text)
        if link is not None:
            with self._lock:
                self._known[digest(text)] = link
                if len(self._known) > REMEMBERED:
                    del self._known[next(iter(self._known))]
        return link
