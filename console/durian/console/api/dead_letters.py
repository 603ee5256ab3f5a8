"""`/v1/listeners/{id}/dead-letters`: deliveries that were given up."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from durian.console.api import jobs, paging
from durian.console.api.access import Caller, Manager, Reader, Replayer
from durian.console.api.listeners import Id
from durian.console.api.moment import Milliseconds, Moment, ms_of
from durian.console.operations import dead
from durian.console.operations.runner import unseen
from durian.consumers.side_queue import BROWSE_MOST
from durian.errors import ListenerUnknown
from durian.registry.attempt import KEY_MAX_CHARS

router = APIRouter(tags=["dead letters"])

#: Ids that can be named at once.
MOST_IDS = 1000

WebhookIds = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=KEY_MAX_CHARS)]],
    Field(min_length=1, max_length=MOST_IDS),
]

#: Messages a second.
Rate = Annotated[float, Field(ge=0.001, le=1_000_000)]


class DeadLetter(BaseModel):
    """A delivery that was given up."""

    webhook_id: str
    event_id: str
    event_type: str
    attempts: int
    reason: str = Field(description="Why it was given up.")
    error: str = Field(description="What the last attempt failed with.")
    public_reason: str = Field(description="The reason as the listener's owner may read it.")
    public_error: str = Field(description="The error as the listener's owner may read it.")
    dead_at: Milliseconds | None = Field(description="Null when the broker gave it up itself.")
    body: str = Field(description="The event's data, as text.")


class DeadLetters(BaseModel):
    """The oldest dead letters of a listener."""

    total: int = Field(description="How many there are, as far as nobody is looking at them.")
    items: list[DeadLetter]


class DeadLetterCounts(BaseModel):
    """How many dead letters there are."""

    listeners: dict[str, int] = Field(description="By listener; those that have none are left out.")
    next: str | None = Field(
        description="The `cursor` of the next page; null when all listeners were asked."
    )


class DeadLetterReplay(BaseModel):
    """Which dead letters are to be sent again: all, unless something is said of them."""

    model_config = ConfigDict(extra="forbid")

    webhook_ids: WebhookIds | None = Field(None, description="Only these.")
    since: Moment | None = Field(None, description="Only those given up since then.")
    rate_per_s: Rate | None = Field(None, description="So many a second at most.")


class DeadLetterPurge(BaseModel):
    """Which dead letters are to be thrown away."""

    model_config = ConfigDict(extra="forbid")

    webhook_ids: WebhookIds | None = Field(None, description="Only these; null: all of them.")


@router.get("/dead-letters")
def count_dead_letters(
    caller: Reader,
    limit: Annotated[
        int, Query(ge=1, le=paging.MOST, description="Listeners that are asked for one page.")
    ] = paging.MOST,
    cursor: paging.Cursor = None,
) -> DeadLetterCounts:
    """Count the dead letters of listeners that have any, removed ones among them, page by page.

    Each listener has a queue of its own that is asked, so a page may name few, or none, and still
    have a `next`.
    """
    after = paging.decode(cursor) or ""
    found, following = dead.count_some(caller.context(), after, limit)
    more = None if following is None else paging.encode(following)
    return DeadLetterCounts(listeners=found, next=more)


@router.get("/listeners/{listener_id}/dead-letters")
def list_dead_letters(
    caller: Reader,
    listener_id: Id,
    limit: Annotated[int, Query(ge=1, le=BROWSE_MOST, description="How many of the oldest.")] = 50,
) -> DeadLetters:
    """Look at the oldest dead letters of a listener; they stay where they are."""
    _refuse_foreign(caller, listener_id)
    context = caller.context()
    given = dead.Browse(listener=listener_id, limit=limit)
    # Before: what is being looked at is not counted.
    total = dead.count_of(context, listener_id)
    found = dead.browse(context, given, unseen)
    items = [_told(caller, one) for one in found]
    return DeadLetters(total=max(total, len(items)), items=items)


def _told(caller: Caller, letter: dict[str, object]) -> DeadLetter:
    """A dead letter as the caller may see it: an owner reads nothing of the operator's network."""
    told = letter | {"dead_at": letter["dead_at_ms"]}
    if caller.owner is not None:
        told |= {"reason": letter["public_reason"], "error": letter["public_error"]}
    return DeadLetter.model_validate(told)


@router.post("/listeners/{listener_id}/dead-letters/replay", status_code=202)
def replay_dead_letters(
    caller: Replayer, listener_id: Id, asked: DeadLetterReplay, response: Response
) -> jobs.Job:
    """Send dead letters again, from their first attempt on, under the same webhook-ids."""
    owner = caller.store.get_listener(listener_id).owner
    given = {
        "listener": listener_id,
        "webhook_ids": asked.webhook_ids,
        "since_ms": ms_of(asked.since),
        "rate_per_s": asked.rate_per_s,
    }
    target = f"listener {listener_id}"
    return jobs.begin(caller, response, "dead.replay", given, target=target, owner=owner)


@router.post("/listeners/{listener_id}/dead-letters/purge", status_code=202)
def purge_dead_letters(
    caller: Manager, listener_id: Id, asked: DeadLetterPurge, response: Response
) -> jobs.Job:
    """Throw dead letters away, for good."""
    owner = _refuse_foreign(caller, listener_id)
    given = {"listener": listener_id, "webhook_ids": asked.webhook_ids}
    target = f"listener {listener_id}"
    return jobs.begin(caller, response, "dead.purge", given, target=target, owner=owner)


def _refuse_foreign(caller: Caller, listener_id: str) -> str | None:
    """Return whose a listener is; dead letters of one that was removed are the deployment's.

    Raises ListenerUnknown for another owner's, and when there never was one.
    """
    try:
        return caller.store.get_listener(listener_id).owner
    except ListenerUnknown:
        if caller.owner is not None or not dead.count_of(caller.context(), listener_id):
            raise
        return None
