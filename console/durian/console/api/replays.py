"""`/v1/replays`: events of the archive that are sent to a listener again."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from durian.console.api import jobs
from durian.console.api.access import Caller, Reader, Replayer
from durian.console.api.dead_letters import Rate
from durian.console.api.listeners import Id
from durian.console.api.moment import Moment, Seconds, ms_of
from durian.console.operations.replay import SHOWN_MOST, described
from durian.registry.attempt import KEY_MAX_CHARS
from durian.registry.listener import ID_PATTERN
from durian.registry.replay import new_replay_id

router = APIRouter(tags=["replays"])

ReplayId = Annotated[
    str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", description="The replay's id.")
]


class _Range(BaseModel):
    model_config = ConfigDict(extra="forbid")

    since: Moment | None = Field(
        None, description="From when on; null: all that the archive holds."
    )
    until: Moment | None = Field(None, description="Leave out events whose time is later.")


class NewReplay(_Range):
    """Which events are to be sent."""

    rate_per_s: Rate | None = Field(None, description="So many a second at most.")


class NewEventReplay(BaseModel):
    """Which event is to be sent."""

    model_config = ConfigDict(extra="forbid")

    event: Annotated[str, Field(min_length=1, max_length=KEY_MAX_CHARS, pattern="^[^\\x00]+$")] = (
        Field(description="Its id.")
    )
    since: Moment | None = Field(
        None,
        description="From when on it is looked for; null: around the time inside the id, or around "
        "the first attempt, or a day back.",
    )


class ReplayPreview(_Range):
    """Which events would be sent."""

    show: Annotated[int, Field(ge=0, le=SHOWN_MOST)] = Field(
        5, description="How many of the first are shown."
    )


class Replay(BaseModel):
    """Events of the archive on their way to a listener again."""

    id: str
    listener_id: str
    since: Seconds | None
    until: Seconds | None
    rate_per_s: float | None
    state: Literal["running", "done", "stopped", "failed", "lost"] = Field(
        description="`lost`: it was running, and nothing was heard of its process for a while. "
        "All but those that are running or done can be resumed."
    )
    seen: int = Field(description="Events that were read.")
    sent: int = Field(description="Those of them that the listener wanted, and that were sent.")
    next_offset: int | None = Field(description="Where it goes on in the archive.")
    end_offset: int | None = Field(description="Where it ends there.")
    error: str = Field(description="What ended it, when it failed.")
    started_at: Seconds
    updated_at: Seconds


class Replays(BaseModel):
    """The replays that began last."""

    items: list[Replay]


@router.get("/replays")
def list_replays(
    caller: Reader,
    listener: Annotated[str | None, Query(pattern=ID_PATTERN)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Replays:
    """List the replays that began last, the newest first."""
    found = caller.store.list_replays(listener, limit=limit)
    return Replays(items=[Replay.model_validate(described(replay)) for replay in found])


@router.get("/replays/{replay_id}")
def get_replay(caller: Reader, replay_id: ReplayId) -> Replay:
    """Get one replay."""
    return Replay.model_validate(described(caller.store.get_replay(replay_id)))


@router.post("/replays/{replay_id}/resume", status_code=202)
def resume_replay(caller: Replayer, replay_id: ReplayId, response: Response) -> jobs.Job:
    """Go on with a replay that did not end."""
    replay = caller.store.get_replay(replay_id)
    return _begin(caller, replay.listener_id, response, "replay.resume", {"id": replay_id})


@router.post("/listeners/{listener_id}/replays", status_code=202)
def create_replay(
    caller: Replayer, listener_id: Id, new: NewReplay, response: Response
) -> jobs.Job:
    """Send events of the archive to a listener again, or for the first time (a backfill).

    The job's `arguments` name the replay, which can be resumed when the job does not end.
    """
    given = _given(listener_id, new) | {"id": new_replay_id(), "rate_per_s": new.rate_per_s}
    return _begin(caller, listener_id, response, "replay.begin", given)


@router.post("/listeners/{listener_id}/replays/one", status_code=202)
def replay_event(
    caller: Replayer, listener_id: Id, new: NewEventReplay, response: Response
) -> jobs.Job:
    """Send one event to a listener again, whatever became of it, if the listener wants it."""
    given = {"event": new.event, "listener": listener_id, "since_ms": ms_of(new.since)}
    return _begin(caller, listener_id, response, "replay.one", given)


@router.post("/listeners/{listener_id}/replays/preview", status_code=202)
def preview_replay(
    caller: Reader, listener_id: Id, preview: ReplayPreview, response: Response
) -> jobs.Job:
    """Count what a replay would send, and show the first events; nothing is sent."""
    given = _given(listener_id, preview) | {"show": preview.show}
    return _begin(caller, listener_id, response, "replay.preview", given)


def _begin(
    caller: Caller, listener_id: str, response: Response, kind: str, given: dict[str, Any]
) -> jobs.Job:
    owner = caller.store.get_listener(listener_id).owner
    target = f"listener {listener_id}"
    return jobs.begin(caller, response, kind, given, target=target, owner=owner)


def _given(listener_id: str, asked: _Range) -> dict[str, Any]:
    return {
        "listener": listener_id,
        "since_ms": ms_of(asked.since),
        "until_ms": ms_of(asked.until),
    }
