"""`/v1/deliveries` and `/v1/attempts`: what became of events, as the attempt log has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from durian.console.api import paging
from durian.console.api.access import Caller, Reader
from durian.console.api.moment import Milliseconds, Moment, ms_of
from durian.errors import NotFound
from durian.registry.attempt import KEY_MAX_CHARS, Result
from durian.registry.attempt import Attempt as RegistryAttempt
from durian.registry.attempt_query import Wanted

router = APIRouter(tags=["deliveries"])

#: Attempts of one delivery that are told: the last ones.
SHOWN = 1000

_Key = Query(max_length=KEY_MAX_CHARS, pattern="^[^\\x00]+$")

WebhookId = Annotated[
    str,
    Path(
        max_length=KEY_MAX_CHARS,
        pattern="^[^\\x00]+$",
        description="The delivery, as its requests' `webhook-id` header has it.",
    ),
]


class Attempt(BaseModel):
    """One HTTP request of a delivery."""

    webhook_id: str = Field(description="The delivery: the same for all its attempts.")
    listener_id: str
    event_id: str
    event_type: str
    event_source: str
    number: int = Field(description="Counted from 1; a replay begins again.")
    at: Milliseconds = Field(description="When it ended.")
    latency_ms: int
    result: Result = Field(
        description="What follows: `delivered` (2xx), `retry`, `dead` (given up), `disabled` "
        "(given up, and the listener wants no more)."
    )
    kind: str = Field(description="What became of the request: `response`, `timeout`, ...")
    status: int | None = Field(description="The response's status, if there was a response.")
    error: str = Field(description="Why there was none, in a line.")
    public_error: str = Field(description="The same as the listener's owner may read it.")
    next_at: Milliseconds | None = Field(description="When the next attempt is due.")
    reason: str = Field(description="Why the delivery was given up.")
    response_head: str = Field(description="The beginning of the response's head, as text.")
    response_body: str = Field(description="The beginning of its body, as text: never trust it.")
    batch_id: str | None = Field(
        description="The request's `webhook-id`, when it was a batch of several deliveries."
    )


class AttemptPage(paging.Page):
    """Some attempts, the newest first; of deliveries, each by its latest attempt."""

    items: list[Attempt]


class Delivery(BaseModel):
    """One event on its way to one listener."""

    webhook_id: str
    listener_id: str
    event_id: str
    event_type: str
    event_source: str
    result: Result = Field(description="What followed on the latest attempt.")
    next_at: Milliseconds | None = Field(description="When the next attempt is due.")
    attempts: list[Attempt] = Field(description="All of them, or the last thousand, in order.")


def _wanted(  # each is a parameter of the request
    *,
    listener: Annotated[str | None, _Key] = None,
    event: Annotated[str | None, _Key] = None,
    event_type: Annotated[str | None, _Key] = None,
    batch: Annotated[str | None, _Key] = None,
    result: Result | None = None,
    status: Annotated[int | None, Query(ge=0, le=999)] = None,
    since: Annotated[Moment | None, Query(description="Ended then or later.")] = None,
    until: Annotated[Moment | None, Query(description="Ended before.")] = None,
) -> Wanted:
    """Which attempts are asked for."""
    return Wanted(
        listener=listener,
        event_id=event,
        event_type=event_type,
        batch_id=batch,
        result=result,
        status=status,
        since_ms=ms_of(since),
        until_ms=ms_of(until),
    )


_Asked = Annotated[Wanted, Depends(_wanted)]


@router.get("/attempts")
def list_attempts(
    caller: Reader,
    wanted: _Asked,
    limit: paging.Limit = paging.USUAL,
    cursor: paging.Cursor = None,
) -> AttemptPage:
    """List attempts, the newest first."""
    page = caller.store.list_attempts(after=paging.decode(cursor), limit=limit, **wanted)
    return _page(caller, page.attempts, page.next)


@router.get("/deliveries")
def list_deliveries(
    caller: Reader,
    wanted: _Asked,
    limit: paging.Limit = paging.USUAL,
    cursor: paging.Cursor = None,
) -> AttemptPage:
    """List deliveries, the newest first, each by its latest attempt.

    What is asked for is asked of that attempt.
    """
    page = caller.store.list_deliveries(after=paging.decode(cursor), limit=limit, **wanted)
    return _page(caller, page.attempts, page.next)


@router.get("/deliveries/{webhook_id}")
def get_delivery(caller: Reader, webhook_id: WebhookId) -> Delivery:
    """Get one delivery with its attempts."""
    attempts = caller.store.attempts_of(webhook_id, limit=SHOWN)
    if not attempts:
        hint = "Records come a moment after the attempt, and are kept for so long."
        told = f"No attempt of {webhook_id} is recorded."
        raise NotFound(told, resource="delivery", hint=hint)
    described = [describe(caller, attempt) for attempt in attempts]
    last = described[-1]
    return Delivery(
        webhook_id=last.webhook_id,
        listener_id=last.listener_id,
        event_id=last.event_id,
        event_type=last.event_type,
        event_source=last.event_source,
        result=last.result,
        next_at=last.next_at,
        attempts=described,
    )


def describe(caller: Caller, attempt: RegistryAttempt) -> Attempt:
    """Tell of an attempt; an owner hears nothing of the operator's network."""
    seen = attempt if caller.owner is None else attempt.for_owner()
    facts = asdict(seen)
    return Attempt.model_validate(
        facts | {"at": facts.pop("at_ms"), "next_at": facts.pop("next_at_ms")}
    )


def _page(
    caller: Caller, attempts: Sequence[RegistryAttempt], following: str | None
) -> AttemptPage:
    items = [describe(caller, attempt) for attempt in attempts]
    return AttemptPage(items=items, next=None if following is None else paging.encode(following))
