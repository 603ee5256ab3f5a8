"""`/v1/events`: events by the HTTP binding of CloudEvents, binary, structured and batch."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from durian.console.api import paging
from durian.console.api.access import Caller, Publisher, Reader
from durian.console.api.body import read
from durian.console.api.moment import Moment
from durian.console.api.publish import Publish
from durian.console.explain import find_subject
from durian.console.operations.runner import unseen
from durian.errors import InvalidEvent, NotFound
from durian.events import CAPS, Event
from durian.events import http as binding
from durian.match import check_event_pattern
from durian.match.event_pattern import means
from durian.registry.attempt import KEY_MAX_CHARS
from durian.tracing import stamped

router = APIRouter(prefix="/events", tags=["events"])

Id = Annotated[
    str,
    Path(
        alias="event_id",
        max_length=KEY_MAX_CHARS,
        pattern="^[^\\x00]+$",
        description="The event's id.",
    ),
]

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
        came = binding.decode(request.headers.items(), body)
        events = [stamped(event, request.headers) for event in came]
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
async def publish_events(
    caller: Publisher,
    request: Request,
    _type: Annotated[str | None, Query(alias="type", include_in_schema=False)] = None,
) -> Response:
    """Publish an event or a batch; answered once the broker has confirmed.

    Besides the two forms shown, an event may come in binary mode: its data as the body, and its
    attributes as headers (`ce-specversion`, `ce-id`, `ce-source`, `ce-type`).
    """
    return await taker(caller.services.publish)(request)


class EventSummary(BaseModel):
    """An event of the archive, without its data."""

    attributes: dict[str, str] = Field(description="Its CloudEvents attributes.")
    offset: int = Field(description="Where it lies in the archive: later, greater numbers.")
    bytes: int = Field(description="Bytes of its data.")


class EventPage(paging.Page):
    """Some events, the newest first."""

    items: list[EventSummary]


class FoundEvent(BaseModel):
    """An event, as far as it is still known."""

    id: str
    type: str
    source: str
    found: Literal["archive", "attempts"] = Field(
        description="`attempts`: the archive no longer has it, and only the attempt log knows it."
    )
    event: dict[str, Any] | None = Field(
        description="The whole of it, as `application/cloudevents+json` has it."
    )


@router.get("")
def list_events(
    *,
    caller: Reader,
    pattern: Annotated[
        str, Query(max_length=255, description="Only types that are meant: `order.*`.")
    ] = "#",
    search: Annotated[
        str | None,
        Query(max_length=200, description="Only those in whose data or attributes it stands."),
    ] = None,
    limit: paging.Limit = paging.USUAL,
    cursor: paging.Cursor = None,
) -> EventPage:
    """List the events of the archive, the newest first.

    A page may hold fewer than `limit`, or none, and still have a `next`: only so many events are
    looked through for one.
    """
    caller.refuse_owned("Events")
    check_event_pattern(pattern)
    found, following = caller.services.recent.page(
        _wanted(pattern, search), before=paging.decode_number(cursor), limit=limit
    )
    items = [
        EventSummary(
            attributes=dict(one.event.attributes), offset=one.offset, bytes=len(one.event.body)
        )
        for one in found
    ]
    return EventPage(items=items, next=None if following is None else paging.encode(following))


@router.get("/{event_id:path}")
def get_event(
    caller: Reader,
    event_id: Id,
    since: Annotated[
        Moment | None,
        Query(
            description="Search the archive from then on; left out: around the time inside the id, "
            "or around the first attempt, or a day back."
        ),
    ] = None,
) -> FoundEvent:
    """Get one event."""
    refuse_foreign(caller, event_id)
    context = caller.context()
    moment = None if since is None else since.timestamp()
    subject = find_subject(context, event_id, moment, unseen)
    return FoundEvent(
        id=subject.id,
        type=subject.type,
        source=subject.source,
        found="attempts" if subject.event is None else "archive",
        event=None if subject.event is None else as_json(subject.event),
    )


def refuse_foreign(caller: Caller, event_id: str) -> None:
    """Raise NotFound for an owner to whose listeners no event of this id was on its way."""
    if caller.owner is not None and not caller.store.attempts_of(event_id=event_id, limit=1):
        told = f"No event {event_id} was on its way to a listener of {caller.owner}."
        raise NotFound(told, resource="event")


def as_json(event: Event) -> dict[str, Any]:
    """An event as a JSON object, in the JSON format of CloudEvents."""
    _, document = binding.encode_structured(event)
    parsed: dict[str, Any] = json.loads(document)
    return parsed


def _wanted(pattern: str, search: str | None) -> Callable[[Event], bool]:
    text = search.lower() if search else ""

    def wanted(event: Event) -> bool:
        if not means(pattern, event.type):
            return False
        attributes = "\n".join(event.attributes.values()).lower()
        return text in attributes or text.encode() in event.body.lower()

    return wanted


def _refuse_loose_type(request: Request) -> None:
    """A type given in a place of its own is a common mistake: name the right place."""
    if "ce-type" in request.headers:
        return
    if "type" in request.query_params or "type" in request.headers:
        raise InvalidEvent("ce-type", "is missing", hint=_USE_HEADERS)
