"""`/v1/explain`: why a listener got an event, or did not."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from durian.console.api import paging
from durian.console.api.access import Caller, Reader
from durian.console.api.deliveries import Attempt, describe
from durian.console.api.events import refuse_foreign
from durian.console.api.moment import Moment, Seconds, ms_of
from durian.console.explain import Place
from durian.console.operations import explain
from durian.console.operations.runner import unseen
from durian.registry.attempt import KEY_MAX_CHARS
from durian.registry.attempt import Attempt as RegistryAttempt
from durian.registry.listener import ID_PATTERN

router = APIRouter(prefix="/explain", tags=["events"])


class ExplainedEvent(BaseModel):
    """The event, and where it was found."""

    id: str
    type: str
    source: str
    found: str = Field(description="`archive`, `attempts`, or where it was set aside.")
    time: str | None = None
    attributes: dict[str, str] | None = None
    because: list[str] | None = Field(None, description="Why it was set aside.")
    next: str | None = None


class Explanation(BaseModel):
    """All there is to say of the event at one listener."""

    listener: str
    webhook_id: str
    place: Place = Field(description="Where the delivery is.")
    because: list[str] = Field(description="Why it is there, in plain sentences.")
    next: str = Field(description="What happens next, or what can be done.")
    enabled: bool | None = Field(description="Null when there is no such listener.")
    pattern: str | None
    by_type: bool | None = Field(description="Whether its pattern means the event's type.")
    by_filter: bool | None = Field(description="Whether its filter holds; null: not to be told.")
    conditions: list[str] = Field(description="Its filter, a condition a line.")
    failed: list[str] = Field(description="The conditions that did not hold.")
    failing_since: Seconds | None
    ready: int | None = Field(description="Messages that are ready in its queue.")
    dead_letters: int
    attempts: list[Attempt]


class Explained(BaseModel):
    """Why listeners got an event, or did not."""

    event: ExplainedEvent
    listeners: list[Explanation]
    others: dict[str, int] = Field(
        description="How many of those that were asked for this part it does not concern: by its "
        "`type`, by their `filter`, `disabled`."
    )
    next: str | None = Field(
        None, description="The `cursor` of the next part; null when this is the last."
    )


@router.get("")
def explain_event(
    *,
    caller: Reader,
    event: Annotated[str, Query(min_length=1, max_length=KEY_MAX_CHARS, pattern="^[^\\x00]+$")],
    listener: Annotated[
        str | None, Query(pattern=ID_PATTERN, description="Only at this listener.")
    ] = None,
    since: Annotated[
        Moment | None,
        Query(
            description="Search the archive from then on; left out: around the time inside the id, "
            "or around the first attempt, or a day back."
        ),
    ] = None,
    everyone: Annotated[
        bool, Query(description="The listeners that do not want it as well.")
    ] = False,
    limit: paging.Limit = paging.USUAL,
    cursor: paging.Cursor = None,
) -> Explained:
    """Explain what became of an event at one listener, or at all that it concerns.

    It is told in parts, at first of those that were tried: a part may hold fewer listeners than
    its `limit`, or none, and still have a `next`, for only a thousand are asked for one.
    """
    _refuse_foreign(caller, event, listener)
    given = explain.Explain(
        event=event,
        listener=listener,
        since_ms=ms_of(since),
        everyone=everyone,
        limit=limit,
        after=paging.decode(cursor),
    )
    found: dict[str, Any] = explain.explain(
        caller.context(), given, unseen, public=caller.owner is not None
    )
    for one in found["listeners"]:
        one["attempts"] = [describe(caller, RegistryAttempt(**each)) for each in one["attempts"]]
    more = found.pop("more", None)
    return Explained(**found, next=None if more is None else paging.encode(more))


def _refuse_foreign(caller: Caller, event: str, listener: str | None) -> None:
    """An owner hears of events that were on their way to their listeners, and of no others."""
    if caller.owner is not None and listener is not None:
        caller.store.get_listener(listener)
    refuse_foreign(caller, event)
