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
from durian.errors import Overloaded
from durian.events import CAPS, Event
from durian.sources import receive

#: Webhooks that may be in hand at once: with the largest bodies they take 256 MiB. Whoever comes
#: beyond is asked to come again.
MOST_REQUESTS = 256

#: Publishes events, and returns when the broker has them safely. Raises BrokerError.
Publish = Callable[[Sequence[Event]], Awaitable[None]]


def route(publish: Publish, sources: KnownSources, now: Callable[[], float] = time.time) -> Route:
    """Make the route of all sources. It raises DurianError, for the application to answer."""
    in_hand = 0

    async def take(request: Request) -> Response:
        """Publish the events of a webhook; 202 once the broker has them safely."""
        nonlocal in_hand
        if in_hand >= MOST_REQUESTS:
            raise Overloaded
        in_hand += 1
        try:
            known = await run_in_threadpool(sources.find, request.path_params["name"])
            body = await read(request, CAPS.data_bytes)
            events = receive(known.source, known.secrets, request.headers, body, now=now())
            await publish(events)
        finally:
            in_hand -= 1
        return JSONResponse({"ids": [event.id for event in events]}, 202)

    return Route("/in/{name}", take, methods=["POST"])
