"""`/v1/events`: events by the HTTP binding of CloudEvents, binary, structured and batch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from durian.console.api.access import Publisher
from durian.console.api.body import read
from durian.console.api.publish import Publish
from durian.errors import InvalidEvent
from durian.events import CAPS, http

router = APIRouter(prefix="/events", tags=["events"])

_USE_HEADERS = (
    "Send the event's type in the header ce-type (with ce-id, ce-source and ce-specversion: 1.0), "
    "or the whole event as application/cloudevents+json."
)


class Accepted(BaseModel):
    """Events that are safe."""

    ids: list[str] = Field(description="Their ids, in the order of the batch.")


def taker(publish: Publish) -> Callable[[Request], Awaitable[Response]]:
    """Make the endpoint that takes events; it answers 202 once the broker has them safely.

    It raises DurianError, which `problem.HANDLERS` turn into answers.
    """

    async def take(request: Request) -> Response:
        body = await read(request, CAPS.document_bytes)
        _refuse_loose_type(request)
        events = http.decode(request.headers.items(), body)
        await publish(events)
        return JSONResponse({"ids": [event.id for event in events]}, 202)

    return take


_EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "minLength": 1},
        "source": {"type": "string", "format": "uri-reference", "minLength": 1},
        "type": {"type": "string", "minLength": 1},
        "subject": {"type": "string", "minLength": 1},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"type": "string"},
        "dataschema": {"type": "string", "format": "uri"},
        "data": {},
        "data_base64": {"type": "string", "contentEncoding": "base64"},
    },
}

_EXAMPLE: Final = {
    "specversion": "1.0",
    "id": "1",
    "source": "/shop",
    "type": "order.paid",
    "data": {"order": 17},
}

#: The three forms, for the document.
_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "application/cloudevents+json": {"schema": _EVENT, "example": _EXAMPLE},
        "application/cloudevents-batch+json": {
            "schema": {"type": "array", "items": _EVENT, "maxItems": CAPS.batch_events},
            "example": [_EXAMPLE],
        },
    },
}


@router.post(
    "",
    status_code=202,
    response_model=Accepted,
    openapi_extra={"requestBody": _BODY},
)
async def publish_events(caller: Publisher, request: Request) -> Response:
    """Publish an event or a batch; answered once the broker has confirmed.

    Besides the two forms shown, an event may come in binary mode: its data as the body, and its
    attributes as headers (`ce-specversion`, `ce-id`, `ce-source`, `ce-type`).
    """
    return await taker(caller.services.publish)(request)


def _refuse_loose_type(request: Request) -> None:
    """A type given in a place of its own is a common mistake: name the right place."""
    if "ce-type" in request.headers:
        return
    if "type" in request.query_params or "type" in request.headers:
        raise InvalidEvent("ce-type", "is missing", hint=_USE_HEADERS)
