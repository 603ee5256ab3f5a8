"""The console's door: a cookie that names a session, which names a user or a token."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from durian.console.api.access import Caller
from durian.console.api.gatekeeper import LOCAL, machine_token
from durian.console.api.services import Services
from durian.console.pages import csrf
from durian.console.pages.visit import Visit
from durian.registry.principal import Principal
from durian.registry.token import Token, digest
from durian.registry.user import Session, User, new_session_text

#: Seconds that somebody is logged in: a working day.
SESSION_S: Final = 12 * 3600.0

#: Seconds after which a session is looked up again: so long one works that was ended elsewhere.
FRESH_S: Final = 5.0

#: Sessions that are remembered.
REMEMBERED: Final = 1000

#: Characters of what names a session.
_TEXT_LENGTH: Final = len(new_session_text())


class SessionDoor:
    """Knows people by their cookie. Safe to share by threads."""

    def __init__(
        self, services: Services, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._services = services
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Caller, float]] = {}

    def secret(self, request: Request) -> str:
        """The text of their cookie; a new one for whoever has none."""
        known = getattr(request.state, "cookie", None) or _cookie_of(request)
        request.state.cookie = known or new_session_text()
        return str(request.state.cookie)

    def guest(self, request: Request) -> Caller | None:
        """Who is logged in, if the cookie says so."""
        text = _cookie_of(request)
        return None if text is None else self._recall(text) or self._look_up(text)

    def ask(self, visit: Visit) -> Response:
        """Send them to the page for logging in, from where they come back."""
        request = visit.request
        asked = request.url.path.removeprefix(visit.base)
        query = f"?{request.url.query}" if request.url.query else ""
        wanted = f"{asked}{query}" if request.method == "GET" and not visit.is_fetched else None
        response = visit.go("login", next=wanted if wanted != "/" else None)
        if visit.is_fetched:
            response.status_code = HTTPStatus.UNAUTHORIZED
            response.headers["HX-Redirect"] = response.headers["location"]
            del response.headers["location"]
        return response

    def leave(self, visit: Visit, response: Response) -> None:
        """Let the browser keep what names its session."""
        request, text = visit.request, self.secret(visit.request)
        # A form of another site comes without the cookie: a new one would take its place.
        is_welcome = request.method == "GET" or csrf.is_our_own(request)
        if is_welcome and text != _cookie_of(request):
            _set_cookie(request, response, text)

    def log_in(self, visit: Visit, *, user: User | None = None, token: Token | None = None) -> None:
        """Begin a session, under a name that nobody knew before."""
        text = visit.request.state.cookie = new_session_text()
        now = time.time()
        is_local = token is not None and token.id == LOCAL
        session = Session(
            user=user,
            token=None if is_local else token,
            local=digest(self._services.local_token or "") if is_local else None,
            created_at=now,
            expires_at=now + SESSION_S,
        )
        self._services.store.begin_session(text, session)

    def log_out(self, visit: Visit) -> None:
        """End a session."""
        text = self.secret(visit.request)
        self._services.store.end_session(text)
        with self._lock:
            self._known.pop(digest(text), None)
        visit.request.state.cookie = new_session_text()

    def _recall(self, text: str) -> Caller | None:
        caller, looked_up_at = self._known.get(digest(text), (None, 0.0))
        return caller if self._monotonic() - looked_up_at < FRESH_S else None

    def _look_up(self, text: str) -> Caller | None:
        session = self._services.store.find_session(text)
        caller = None if session is None else self._caller(session)
        with self._lock:
            self._known.pop(digest(text), None)
            if caller is not None:
                # Put at the end: the first is the one that was looked up the longest ago.
                self._known[digest(text)] = (caller, self._monotonic())
            if len(self._known) > REMEMBERED:
                del self._known[next(iter(self._known))]
        return caller

    def _caller(self, session: Session) -> Caller | None:
        services = self._services
        if session.user is not None:
            return caller_of_user(session.user, services)
        token = session.token
        if session.local is not None:
            mine = services.local_token
            token = machine_token() if mine and session.local == digest(mine) else None
        return None if token is None else caller_with(token, services, f"token {token.id}")


def caller_of_user(user: User, services: Services) -> Caller:
    """A user as one who asks."""
    token = Token(
        id=f"user {user.name}",
        name=user.name,
        scopes=user.scopes,
        owner=user.owner,
        created_at=user.created_at,
    )
    return caller_with(token, services, f"user {user.name}")


def caller_with(token: Token, services: Services, name: str) -> Caller:
    """Whoever has what a token allows, under their name in the audit log."""
    store = services.store.on_behalf(Principal(name=name, owner=token.owner))
    return Caller(token=token, store=store, services=services)


def _cookie_name(request: Request) -> str:
    # The prefix has browsers refuse it from other hosts, and without TLS.
    return "__Host-durian" if request.url.scheme == "https" else "durian"


def _cookie_of(request: Request) -> str | None:
    text = request.cookies.get(_cookie_name(request), "")
    return text if len(text) == _TEXT_LENGTH and text.isascii() else None


def _set_cookie(request: Request, response: Response, text: str) -> None:
    response.set_cookie(
        _cookie_name(request),
        text,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        # A link in a mail opens the page that it names; forms of other sites bring nothing.
        samesite="lax",
    )
