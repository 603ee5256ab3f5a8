"""`/v1/jobs`: what was asked for and takes long; its progress survives whoever asked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from durian.console.api import paging
from durian.console.api.access import Caller, Reader, Replayer
from durian.console.api.moment import Seconds
from durian.errors import InvalidInput
from durian.registry.job import Job as RegistryJob

router = APIRouter(prefix="/jobs", tags=["jobs"])

Id = Annotated[str, Path(alias="job_id", pattern="^j-[a-z0-9]{8}$", description="The job's id.")]


class JobFailure(BaseModel):
    """What ended a job."""

    error: str = Field(description="Its kind, for programs: `NotFound`.")
    message: str | None = None
    resource: str | None = Field(
        None, description="What is not there, such as `listener`: `NotFound`."
    )
    field: str | None = Field(None, description="Which argument cannot be used: `InvalidInput`.")
    reason: str | None = Field(None, description="Why it cannot be.")
    hint: str = ""


class Job(BaseModel):
    """Something long that was asked for."""

    id: str
    kind: str = Field(description="What is done: `dead.replay`.")
    target: str = Field(description="What it is done to: `listener joe`.")
    arguments: dict[str, Any] = Field(description="What was asked for.")
    actor: str = Field(description="Who asked for it, as the audit log names them.")
    state: Literal["running", "done", "stopped", "failed", "lost"] = Field(
        description="`lost`: it was running, and nothing was heard of its process for a while."
    )
    done: int = Field(description="How much of the `total` is done.")
    total: int = Field(description="0 while that is not known.")
    result: dict[str, Any] | None = Field(description="What came of it, when it has ended.")
    failure: JobFailure | None = Field(description="What ended it, when it failed.")
    started_at: Seconds
    updated_at: Seconds


class JobPage(paging.Page):
    """Some jobs, the newest first."""

    items: list[Job]


@router.get("")
def list_jobs(
    caller: Reader,
    target: Annotated[
        str | None,
        Query(max_length=300, pattern="^[^\\x00]*$", description='Only at this: "listener joe".'),
    ] = None,
    limit: paging.Limit = paging.USUAL,
    cursor: paging.Cursor = None,
) -> JobPage:
    """List jobs, the newest first."""
    page = caller.store.list_jobs(target=target, after=_place(cursor), limit=limit)
    following = None if page.next is None else paging.encode("{!r} {}".format(*page.next))
    return JobPage(items=[described(job) for job in page.jobs], next=following)


@router.get("/{job_id}")
def get_job(caller: Reader, job_id: Id) -> Job:
    """Get one job: ask again and again to see it go on."""
    return described(caller.store.get_job(job_id))


@router.post("/{job_id}/stop", status_code=202)
def stop_job(caller: Replayer, job_id: Id) -> Job:
    """Ask that a job be stopped: what is under way arrives, and the rest stays where it is."""
    caller.store.stop_job(job_id)
    return described(caller.store.get_job(job_id))


def begin(
    caller: Caller,
    response: Response,
    kind: str,
    given: dict[str, Any],
    *,
    target: str,
    owner: str | None = None,
) -> Job:
    """Begin a job for a caller, and say where it can be looked at."""
    job = caller.services.worker.begin(caller.store, kind, given, target=target, owner=owner)
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return described(job)


def described(job: RegistryJob) -> Job:
    """Tell of a job."""
    result = job.result if isinstance(job.result, dict | None) else {"result": job.result}
    return Job(
        id=job.id,
        kind=job.kind,
        target=job.target,
        arguments=dict(job.arguments),
        actor=job.actor,
        state="lost" if job.state == "running" and not job.is_held else job.state,
        done=job.done,
        total=job.total,
        result=result,
        failure=None if job.failure is None else JobFailure.model_validate(job.failure),
        started_at=job.started_at,
        updated_at=job.updated_at,
    )


def _place(cursor: str | None) -> tuple[float, str] | None:
    place = paging.decode(cursor)
    if place is None:
        return None
    at, _, job_id = place.partition(" ")
    try:
        return float(at), job_id
    except ValueError as exc:
        raise InvalidInput("cursor", "is none", hint="Take the `next` of the page before.") from exc
