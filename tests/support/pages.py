"""A browser without a screen: it keeps cookies, sends forms, and sees pages as text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import httpx2 as httpx
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from tests.support.api import Api

#: What the field of a form that proves where it comes from looks like.
_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')
_ONCE = re.compile(r'name="once" value="([^"]+)"')
_VERSION = re.compile(r'name="version" value="([^"]+)"')

#: Hidden fields that a browser sends with the form that it shows.
_HIDDEN = {"csrf": _CSRF, "once": _ONCE, "version": _VERSION}


class Visitor:
    """Somebody who looks at pages, at the console or behind a portal's link."""

    def __init__(self, api: Api, base: str = "/console") -> None:
        self._client = api.client
        self.base = base
        #: The console's cookie: kept here, so that several visitors share a client.
        self.cookie = ""

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Make a request below the base; redirections are not followed."""
        headers = {"Cookie": f"durian={self.cookie}"} | more.pop("headers", {})
        self._client.cookies.clear()
        response = self._client.request(
            method, self.base + path, headers=headers, follow_redirects=False, **more
        )
        self.cookie = response.cookies.get("durian") or self.cookie
        return response

    def page(self, path: str, **more: Any) -> str:
        """What a page that has to be there says, as HTML."""
        response = self.ask("GET", path, **more)
        assert response.status_code == HTTPStatus.OK, (path, response.status_code, response.text)
        return response.text

    def send(
        self, path: str, fields: dict[str, Any] | None = None, *, on: str | None = None
    ) -> httpx.Response:
        """Send a form that stands on a page: with its hidden fields, as a browser does."""
        shown = self.page(path if on is None else on)
        hidden = {
            name: html.unescape(found[1])
            for name, pattern in _HIDDEN.items()
            if (found := pattern.search(shown))
        }
        return self.ask("POST", path, data=hidden | (fields or {}))

    def act(self, path: str, fields: dict[str, Any] | None = None, *, on: str | None = None) -> str:
        """Send a form that has to lead on to another page; return that page's path."""
        response = self.send(path, fields, on=on)
        assert response.status_code == HTTPStatus.SEE_OTHER, response.text
        return str(response.headers["location"].removeprefix(self.base))


def routes_of(api: Api, mounted: str) -> Iterator[Route]:
    """Every page that is answered below a mount; files are none."""
    for mount in api.app.routes:
        if isinstance(mount, Mount) and mount.path == mounted:
            assert isinstance(mount.app, Starlette)
            for route in mount.app.routes:
                if isinstance(route, Route):
                    yield route
                else:
                    assert isinstance(route, Mount)
                    assert route.path == "/static"


def logged_in(api: Api, *scopes: Any, **fields: Any) -> Visitor:
    """Somebody who has logged in with a new token."""
    visitor = Visitor(api)
    text = api.token(*scopes, **fields)
    assert visitor.act("/login", {"token": text}) == "/"
    return visitor
