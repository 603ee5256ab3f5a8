"""Logging in, by name and password or by a token, and out."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Final

from starlette.responses import RedirectResponse, Response

from durian.console import passwords
from durian.console.api.gatekeeper import Gatekeeper
from durian.console.api.services import Services
from durian.console.local_token import token_file
from durian.console.pages.page import Page, Pages
from durian.console.pages.session import SessionDoor
from durian.console.pages.throttle import Throttle
from durian.console.pages.visit import Visit
from durian.errors import NotAuthenticated, RateLimited
from durian.registry.token import Token
from durian.registry.user import User

#: Attempts before somebody has to wait: under one name, and from one address, behind which there
#: may be many people.
_FREE_BY_NAME: Final = 5
_FREE_BY_ADDRESS: Final = 20


def pages_of(
    services: Services, gatekeeper: Gatekeeper, door: SessionDoor, throttle: Throttle
) -> list[Page]:
    """Make the pages."""
    pages = Pages()
    desk = _Desk(services, gatekeeper, throttle)

    @pages.get("/login", None)
    def show(visit: Visit) -> Response:
        """Ask who they are."""
        return visit.go() if visit.guest is not None else _form(visit, desk, "")

    @pages.post("/login", None)
    def log_in(visit: Visit) -> Response:
        """Let them in, or say why not."""
        try:
            if visit.form("token"):
                door.log_in(visit, token=desk.token(visit))
            else:
                door.log_in(visit, user=desk.user(visit))
        except NotAuthenticated as error:
            return _form(visit, desk, error.message, HTTPStatus.UNAUTHORIZED)
        except RateLimited as error:
            seconds = math.ceil(error.retry_after_s)
            reason = f"That was tried too often. Wait for {seconds} s, and try again."
            response = _form(visit, desk, reason, HTTPStatus.TOO_MANY_REQUESTS)
            response.headers["Retry-After"] = str(seconds)
            return response
        return RedirectResponse(visit.base + _local(visit.form("next")), HTTPStatus.SEE_OTHER)

    @pages.post("/logout", None)
    def log_out(visit: Visit) -> Response:
        """End the session."""
        door.log_out(visit)
        return visit.go("login")

    return pages.all


class _Desk:
    """Finds out who somebody is."""

    def __init__(self, services: Services, gatekeeper: Gatekeeper, throttle: Throttle) -> None:
        self._services = services
        self._gatekeeper = gatekeeper
        self._throttle = throttle

    @property
    def has_users(self) -> bool:
        """Whether anybody can log in by a password."""
        return bool(self._services.store.list_users(limit=1))

    @property
    def token_file(self) -> str:
        """Where this machine's own token lies; empty when it opens nothing here."""
        return str(token_file()) if self._services.local_token else ""

    def user(self, visit: Visit) -> User:
        """Whose name and password these are. Raises NotAuthenticated or RateLimited."""
        name = visit.form("name")
        self._throttle.attempt(f"name {name}", _FREE_BY_NAME)
        self._throttle.attempt(_address(visit), _FREE_BY_ADDRESS)
        user, kept = self._services.store.find_user(name)
        if not passwords.fits(visit.form("password"), kept) or user is None:
            raise NotAuthenticated("Name or password is wrong.")
        self._throttle.passed(f"name {name}")
        self._throttle.passed(_address(visit))
        return user

    def token(self, visit: Visit) -> Token:
        """What a token allows. Raises NotAuthenticated or RateLimited."""
        self._throttle.attempt(_address(visit), _FREE_BY_ADDRESS)
        token = self._gatekeeper.find(visit.form("token").strip())
        if token is None:
            raise NotAuthenticated("The token is not valid: it is unknown, expired or revoked.")
        self._throttle.passed(_address(visit))
        return token


def _form(visit: Visit, desk: _Desk, reason: str, status: int = HTTPStatus.OK) -> Response:
    return visit.page(
        "login.html",
        status,
        title="Log in",
        reason=reason,
        next=visit.form("next") or visit.query("next"),
        name=visit.form("name"),
        by_token=not desk.has_users or "token" in visit.form,
        has_users=desk.has_users,
        token_file=desk.token_file,
    )


def _address(visit: Visit) -> str:
    client = visit.request.client
    return f"address {client.host if client else ''}"


def _local(path: str) -> str:
    """Where to go on: nowhere but to a page of ours."""
    is_ours = path.startswith("/") and not path.startswith("//") and path.isprintable()
    return path if is_ours and "\\" not in path else "/"
