"""A page: a path, what it needs, and the function that answers; and how all are answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from durian.console.api import problem
from durian.console.api.access import Caller
from durian.console.api.body import read
from durian.console.pages import csrf
from durian.console.pages.form import MOST_BYTES, Form
from durian.console.pages.templates import Templates
from durian.console.pages.visit import Visit
from durian.errors import DurianError, NotAuthenticated, NotFound
from durian.registry.token import Scope

_log = structlog.get_logger("durian.console")

Handler = Callable[[Visit], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page, or what a form on it does."""

    path: str
    method: str
    #: What whoever asks must be allowed; None: anybody may see it.
    scope: Scope | None
    #: May wait.
    handler: Handler


class Pages:
    """Pages that belong together."""

    def __init__(self) -> None:
        self.all: list[Page] = []

    def get(self, path: str, scope: Scope | None) -> Callable[[Handler], Handler]:
        """Declare a page."""
        return self._declare("GET", path, scope)

    def post(self, path: str, scope: Scope | None) -> Callable[[Handler], Handler]:
        """Declare what a form does."""
        return self._declare("POST", path, scope)

    def _declare(self, method: str, path: str, scope: Scope | None) -> Callable[[Handler], Handler]:
        def declare(handler: Handler) -> Handler:
            self.all.append(Page(path=path, method=method, scope=scope, handler=handler))
            return handler

        return declare


class Door(Protocol):
    """How somebody gets in."""

    def secret(self, request: Request) -> str:
        """What only their browser and we know."""

    def guest(self, request: Request) -> Caller | None:
        """Who makes a request; None when that is not known. May wait."""

    def ask(self, visit: Visit) -> Response:
        """Answer whoever has to say first who they are."""

    def leave(self, visit: Visit, response: Response) -> None:
        """Add to an answer what the browser is to remember."""


def routes_of(door: Door, pages: Iterable[Page], templates: Templates) -> list[Route]:
    """Make routes of pages behind a door."""
    return [
        Route(page.path, _Endpoint(door, page, templates), methods=[page.method]) for page in pages
    ]


class _Endpoint:
    """Answers requests for one page (an ASGI application)."""

    def __init__(self, door: Door, page: Page, templates: Templates) -> None:
        self._door = door
        self._page = page
        self._templates = templates

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        body = b""
        try:
            if self._page.method == "POST":
                body = await read(request, MOST_BYTES)
        except DurianError as error:
            await problem.answer(error)(scope, receive, send)
            return
        response = await run_in_threadpool(self._answer, request, body)
        await response(scope, receive, send)

    def _answer(self, request: Request, body: bytes) -> Response:
        secret = self._door.secret(request)
        visit = Visit(request=request, templates=self._templates, guest=None, secret=secret)
        try:
            visit = Visit(
                request=request,
                templates=self._templates,
                guest=self._door.guest(request),
                secret=secret,
                form=Form.read(body),
            )
            response = self._let_in(visit)
        except NotAuthenticated:
            response = self._door.ask(visit)
        except DurianError as error:
            response = told(visit, error)
        except Exception:  # noqa: BLE001  # whoever asks learns no more than that; the log has it
            # Not the address itself: that of a portal's page is a key.
            _log.exception("page.failed", page=self._page.path)
            response = told(visit, DurianError("Something went wrong here; the log says what."))
        self._door.leave(visit, response)
        return response

    def _let_in(self, visit: Visit) -> Response:
        if self._page.scope is not None:
            visit.require(self._page.scope)
        if self._page.method == "POST":
            csrf.check(visit.request, visit.form, visit.secret)
        return self._page.handler(visit)


class Nowhere:
    """Answers for addresses where no page is (an exception handler)."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    def __call__(self, request: Request, _error: Exception) -> Response:
        """Say so."""
        visit = Visit(request=request, templates=self._templates, guest=None, secret="")
        return told(visit, NotFound("There is no such page."))


def told(visit: Visit, error: DurianError) -> Response:
    """Tell an error on a page of its own."""
    answer = problem.answer(error)
    response = visit.page("error.html", answer.status_code, title="That did not work", error=error)
    if "retry-after" in answer.headers:
        response.headers["Retry-After"] = answer.headers["retry-after"]
    return response
