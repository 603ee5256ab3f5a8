"""The pages as an application, behind the console's door and behind the portal's."""

from __future__ import annotations

import time
from http import HTTPStatus
from types import ModuleType
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from durian.console.api.gatekeeper import Gatekeeper
from durian.console.api.services import Services
from durian.console.pages import (
    actions,
    change,
    create,
    dead_letters,
    deliveries,
    events,
    hooks,
    jobs,
    listener,
    listeners,
    login,
    overview,
    portal_start,
    preview,
    queues,
    settings,
)
from durian.console.pages.headers import Guarded
from durian.console.pages.page import Nowhere, Page, routes_of
from durian.console.pages.portal import KEY, PortalDoor
from durian.console.pages.session import SessionDoor
from durian.console.pages.templates import STATIC, Templates
from durian.console.pages.throttle import Throttle
from durian.console.pages.visit import CONSOLE
from durian.console.portal import PATH

#: The pages of listeners, which an owner's portal has as well.
_OWNED = (
    listeners,
    create,
    listener,
    actions,
    change,
    preview,
    dead_letters,
    deliveries,
    jobs,
    hooks,
)

#: Those of the whole deployment.
_DEPLOYMENT = (overview, events, queues, settings)


def build(services: Services, gatekeeper: Gatekeeper) -> list[Route | Mount]:
    """Make the routes of all pages."""
    templates = Templates()
    door = SessionDoor(services)
    throttle = Throttle(time.monotonic)
    nowhere = {HTTPStatus.NOT_FOUND.value: Nowhere(templates)}
    console_pages = [
        *login.pages_of(services, gatekeeper, door, throttle),
        *_pages_of(*_OWNED, *_DEPLOYMENT),
    ]
    console = Starlette(
        routes=[
            Mount("/static", _Files(directory=STATIC)),
            *routes_of(door, console_pages, templates),
        ],
        middleware=[Middleware(Guarded)],
        exception_handlers=nowhere,
    )
    portal = Starlette(
        routes=routes_of(PortalDoor(services), _pages_of(portal_start, *_OWNED), templates),
        middleware=[Middleware(Guarded, ancestors=_ancestors(services))],
        exception_handlers=nowhere,
    )
    for pages in (console, portal):
        # It would lead to the scheme that this process sees, which behind a proxy is plain http:
        # there whoever listens would read a sealed link.
        pages.router.redirect_slashes = False
    return [
        Route("/", _to_console),
        Route(CONSOLE, _to_slash),
        Mount(CONSOLE, console),
        Route(f"{PATH}/{{{KEY}}}", _to_slash),
        Mount(f"{PATH}/{{{KEY}}}", portal),
    ]


def _pages_of(*modules: ModuleType) -> list[Page]:
    return [page for module in modules for page in module.pages.all]


def _ancestors(services: Services) -> str:
    return " ".join(services.settings.portal_origins) or "'none'"


def _to_console(request: Request) -> RedirectResponse:
    return RedirectResponse(f"{request.scope.get('root_path', '')}{CONSOLE}/", 307)


def _to_slash(request: Request) -> RedirectResponse:
    return RedirectResponse(f"{request.url.path}/", 307)


class _Files(StaticFiles):
    """The files of the pages: each version has an address of its own, and never changes."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Answer with a file."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
