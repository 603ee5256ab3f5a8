"""The HTTP face as a whole: its routes, two questions about health, and how it tells errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from durian.console.gateway import problem
from durian.errors import DurianError

#: Tells whether what is asked for will be done.
Ready = Callable[[], Awaitable[bool]]


def build(ready: Ready, *routes: BaseRoute) -> Starlette:
    """Make the application of some routes."""

    async def livez(_request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def readyz(_request: Request) -> Response:
        if await ready():
            return PlainTextResponse("ready\n")
        return PlainTextResponse("not yet\n", 503)

    return Starlette(
        routes=[*routes, Route("/livez", livez), Route("/readyz", readyz)],
        exception_handlers={
            DurianError: _failed,
            HTTPException: _no_such_thing,
            Exception: _unforeseen,
        },
    )


async def _failed(_request: Request, error: Exception) -> Response:
    return problem.answer(error if isinstance(error, DurianError) else DurianError())


async def _no_such_thing(request: Request, error: Exception) -> Response:
    """What Starlette itself refuses: a path or a method that is not there."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    return problem.refusal(status, f"{request.method} {request.url.path}", headers)


async def _unforeseen(_request: Request, _error: Exception) -> Response:
    return problem.answer(DurianError("The request failed; the log says why."))
