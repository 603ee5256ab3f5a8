"""POST /v1/events: events by the HTTP binding of CloudEvents, binary, structured and batch."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from durian.console.gateway.access import Access
from durian.console.gateway.body import read
from durian.console.gateway.problem import Overloaded
from durian.console.gateway.publish import Publish
from durian.errors import InvalidEvent
from durian.events import CAPS, http

#: Requests that may be in hand at once: with bodies of the largest size they take 1 GiB. Whoever
#: comes beyond is asked to come again.
MOST_REQUESTS = 256

_USE_HEADERS = (
    "Send the event's type in the header ce-type (with ce-id, ce-source and ce-specversion: 1.0), "
    "or the whole event as application/cloudevents+json."
)


def route(publish: Publish, access: Access) -> Route:
    """The route that takes events."""
    in_hand = 0

    async def take(request: Request) -> Response:
        """Publish the event or events of a request; 202 once the broker has them safely."""
        nonlocal in_hand
        if in_hand >= MOST_REQUESTS:
            raise Overloaded
        in_hand += 1
        try:
            body = await read(request, CAPS.document_bytes)
            _refuse_loose_type(request)
            events = http.decode(request.headers.items(), body)
            await publish(events)
        finally:
            in_hand -= 1
        return JSONResponse({"ids": [event.id for event in events]}, 202)

    return Route("/v1/events", access.guard(take), methods=["POST"])


def _refuse_loose_type(request: Request) -> None:
    """A type given in a place of its own is a common mistake: name the right place."""
    if "ce-type" in request.headers:
        return
    if "type" in request.query_params or "type" in request.headers:
        raise InvalidEvent("ce-type", "is missing", hint=_USE_HEADERS)
