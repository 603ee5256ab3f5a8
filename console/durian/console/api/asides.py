"""`/v1/orphans`, `/v1/invalid` and `/v1/unrouted`: messages that left the way."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from durian.console.api import jobs
from durian.console.api.access import Admin, Caller, Reader
from durian.console.api.dead_letters import MOST_IDS, Rate, WebhookIds
from durian.console.api.moment import Milliseconds
from durian.console.operations import aside, orphans
from durian.console.operations.runner import unseen
from durian.consumers.set_aside import Place
from durian.consumers.side_queue import BROWSE_MOST
from durian.registry.listener import ID_PATTERN

router = APIRouter(tags=["set aside"])

_Limit = Annotated[int, Query(ge=1, le=BROWSE_MOST, description="How many of the oldest.")]
_ListenerId = Annotated[str, Field(pattern=ID_PATTERN)]
_MessageIds = Annotated[
    list[Annotated[str, Field(pattern="^[0-9a-f]{1,64}$")]],
    Field(min_length=1, max_length=MOST_IDS),
]
PlaceName = Annotated[Place, Path(description="Where they were set aside.")]
MessageId = Annotated[str, Path(pattern="^[0-9a-f]{1,64}$", description="The message's id.")]


class OrphanCount(BaseModel):
    """How many orphans a listener has."""

    listener: str
    orphans: int
    state: Literal["gone", "disabled", "there"] = Field(description="What became of the listener.")


class Orphan(BaseModel):
    """A delivery that found no queue of its listener."""

    webhook_id: str
    listener_id: str
    event_id: str
    event_type: str
    event_time: str = Field(description="The event's own time, as it says.")
    attempts: int
    error: str = Field(description="What the last attempt failed with; empty when there was none.")
    body: str = Field(description="The event's data, as text.")


class Orphans(BaseModel):
    """The oldest orphans, and whose they are."""

    total: int
    looked: int = Field(description="How many were looked at to count them by listener.")
    listeners: list[OrphanCount]
    items: list[Orphan]


class OrphanSelection(BaseModel):
    """Which orphans are meant: all, unless something is said of them."""

    model_config = ConfigDict(extra="forbid")

    listener: _ListenerId | None = Field(None, description="Only this listener's.")
    webhook_ids: WebhookIds | None = Field(None, description="Only these.")


class OrphanReplay(OrphanSelection):
    """Which orphans are to be sent again."""

    rate_per_s: Rate | None = Field(None, description="So many a second at most.")


class SetAside(BaseModel):
    """A message that was set aside."""

    id: str = Field(description="Made from what it holds: the same message has the same id.")
    reason: str = Field(description="Why it is there.")
    at: Milliseconds | None = Field(description="When it was set aside.")
    exchange: str = Field(description="Where it was published, before.")
    routing_key: str
    content_type: str | None
    content_encoding: str | None
    message_id: str | None
    type: str | None
    app_id: str | None
    headers: dict[str, str]
    headers_dropped: int = Field(description="Headers that could not be kept.")
    bytes: int
    body: str = Field(description="Its beginning, as text.")


class SetAsideMessage(SetAside):
    """A message that was set aside, and whether it can be read now."""

    unreadable_now: str = Field(description="Why it still cannot be read; empty when it can.")


class SetAsides(BaseModel):
    """The oldest messages of a place."""

    total: int
    items: list[SetAside]


class SetAsideSelection(BaseModel):
    """Which messages are meant: all, unless some are named."""

    model_config = ConfigDict(extra="forbid")

    ids: _MessageIds | None = Field(None, description="Only these.")


class SetAsideReplay(SetAsideSelection):
    """Which messages are to be published again."""

    rate_per_s: Rate | None = Field(None, description="So many a second at most.")


@router.get("/orphans")
def list_orphans(
    caller: Reader,
    listener: Annotated[str | None, Query(pattern=ID_PATTERN)] = None,
    limit: _Limit = 50,
) -> Orphans:
    """Look at the oldest orphans; they stay where they are."""
    caller.refuse_owned("Orphans")
    context = caller.context()
    counted: Any = orphans.count(context, orphans.Count(), unseen)
    found = orphans.browse(context, orphans.Browse(listener=listener, limit=limit), unseen)
    return Orphans.model_validate(counted | {"items": found})


@router.post("/orphans/replay", status_code=202)
def replay_orphans(caller: Admin, asked: OrphanReplay, response: Response) -> jobs.Job:
    """Send orphans again whose listener is there now; the others stay."""
    return _begin(caller, response, "orphans.replay", asked, target="orphans")


@router.post("/orphans/purge", status_code=202)
def purge_orphans(caller: Admin, asked: OrphanSelection, response: Response) -> jobs.Job:
    """Throw orphans away, for good."""
    return _begin(caller, response, "orphans.purge", asked, target="orphans")


@router.get("/set-aside/{place}")
def list_set_aside(caller: Reader, place: PlaceName, limit: _Limit = 50) -> SetAsides:
    """Look at the oldest messages that could not be read, or reached no queue; they stay there."""
    caller.refuse_owned("Messages that were set aside")
    context = caller.context()
    total = aside.count(context, aside.Count(), unseen)[place]
    found = aside.browse(context, aside.Browse(place=place, limit=limit), unseen)
    items = [SetAside.model_validate(one | {"at": one["at_ms"]}) for one in found]
    return SetAsides(total=max(total, len(items)), items=items)


@router.get("/set-aside/{place}/messages/{message_id}")
def get_set_aside(caller: Reader, place: PlaceName, message_id: MessageId) -> SetAsideMessage:
    """Get one message, and whether it can be read now."""
    caller.refuse_owned("Messages that were set aside")
    found = aside.find(caller.context(), aside.Find(place=place, id=message_id), unseen)
    return SetAsideMessage.model_validate(found | {"at": found["at_ms"]})


@router.post("/set-aside/{place}/replay", status_code=202)
def replay_set_aside(
    caller: Admin, place: PlaceName, asked: SetAsideReplay, response: Response
) -> jobs.Job:
    """Publish messages again that can be read now; the others stay."""
    return _begin(caller, response, "aside.replay", asked, target=place, place=place)


@router.post("/set-aside/{place}/purge", status_code=202)
def purge_set_aside(
    caller: Admin, place: PlaceName, asked: SetAsideSelection, response: Response
) -> jobs.Job:
    """Throw messages away, for good."""
    return _begin(caller, response, "aside.purge", asked, target=place, place=place)


def _begin(
    caller: Caller, response: Response, kind: str, asked: BaseModel, *, target: str, **more: str
) -> jobs.Job:
    return jobs.begin(caller, response, kind, asked.model_dump() | more, target=target)
