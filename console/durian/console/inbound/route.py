"""The route: a webhook is verified, published and confirmed before it is answered."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from durian.console.api.body import read
from durian.console.inbound.known import KnownSources
from durian.events import CAPS, Event
from durian.sources import receive

#: Publishes events, and returns when the broker has them safely. Raises BrokerError.
Publish = Callable[[Sequence[Event]], Awaitable[None]]


def route(publish: Publish, sources: KnownSources, now: Callable[[], float] = time.time) -> Route:
    """Make the route of all sources. It raises DurianError, for the application to answer."""

    async def take(request: Request) -> Response:
        """Publish the event of a webhook; 202 once the broker has it safely."""
        known = await run_in_threadpool(sources.find, request.path_params["name"])
        body = await read(request, CAPS.data_bytes)
        event = receive(known.source, known.secrets, request.headers, body, now=now())
        await publish([event])
        return JSONResponse({"id": event.id, "type": event.type}, 202)

    return Route("/in/{name}", take, methods=["POST"])
