"""The routes: events in, and two questions about health."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.console.gateway import problem
from durian.console.gateway.publish import publish
from durian.errors import DurianError, InvalidEvent
from durian.events import CAPS, http

_USE_HEADERS = (
    "Send the event's type in the header ce-type (with ce-id, ce-source and ce-specversion: 1.0), "
    "or the whole event as application/cloudevents+json."
)


def build(
    broker: Broker, names: Topology, ready: Callable[[], bool], *more: BaseRoute
) -> Starlette:
    """Make the application; `ready` tells whether events are routed and delivered."""

    async def take(request: Request) -> Response:
        """Publish the event or events of a request; 202 once the broker has them safely."""
        body = await _body(request)
        _refuse_loose_type(request)
        events = http.decode(request.headers.items(), body)
        await publish(broker, names, events)
        return JSONResponse({"ids": [event.id for event in events]}, 202)

    async def livez(_request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def readyz(_request: Request) -> Response:
        return PlainTextResponse("ready\n") if ready() else PlainTextResponse("not yet\n", 503)

    async def failed(_request: Request, error: Exception) -> Response:
        return problem.answer(error if isinstance(error, DurianError) else DurianError())

    return Starlette(
        routes=[
            Route("/v1/events", take, methods=["POST"]),
            Route("/livez", livez),
            Route("/readyz", readyz),
            *more,
        ],
        exception_handlers={DurianError: failed},
    )


async def _body(request: Request) -> bytes:
    """Read the body, and stop as soon as it is larger than any request can be."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > CAPS.document_bytes:
            raise problem.TooLarge(f"The body is larger than {CAPS.document_bytes} bytes.")
        chunks.append(chunk)
    return b"".join(chunks)


def _refuse_loose_type(request: Request) -> None:
    """A type given in a place of its own is a common mistake: name the right place."""
    if "ce-type" in request.headers:
        return
    if "type" in request.query_params or "type" in request.headers:
        raise InvalidEvent("ce-type", "is missing", hint=_USE_HEADERS)
