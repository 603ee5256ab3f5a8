"""The jobs' table: one row for each job, held by the process that works on it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from durian.errors import NotFound
from durian.registry.job import Job, JobPage
from durian.registry.sql.clock import clock
from durian.registry.sql.tables import jobs

#: Fields that are written as JSON.
_JSON = ("arguments", "result", "failure")

_names = tuple(field.name for field in fields(Job) if field.name != "is_held")

#: Rows that are deleted at once.
_PRUNE_ROWS = 100


def add(connection: Connection, job: Job, actor: str, now: float, lease_s: float) -> Job:
    """Add a job that begins now."""
    at = clock(connection, now)
    facts = {name: getattr(job, name) for name in _names}
    facts |= {name: _to_text(facts[name]) for name in _JSON}
    facts |= {"actor": actor, "started_at": at, "updated_at": at, "leased_until": at + lease_s}
    connection.execute(sa.insert(jobs).values(facts | {"stop": False}))
    return get(connection, job.id, now, None)


def save(
    connection: Connection,
    job_id: str,
    holder: str,
    values: Mapping[str, Any],
    *,
    now: float,
    lease_s: float,
) -> bool:
    """Write something of a job that is running; False when it is not, or is to stop."""
    at = clock(connection, now)
    mine = (jobs.c.id == job_id, jobs.c.holder == holder, jobs.c.state == "running")
    statement = sa.update(jobs).where(*mine)
    statement = statement.values({**values, "updated_at": at, "leased_until": at + lease_s})
    stop = connection.execute(statement.returning(jobs.c.stop)).scalar_one_or_none()
    return stop is False


def texts(result: Any, failure: Mapping[str, str] | None) -> dict[str, str | None]:
    """Write what came of a job."""
    return {"result": _to_text(result), "failure": _to_text(failure)}


def ask_to_stop(connection: Connection, job_id: str) -> None:
    """Have a job stopped by whoever works on it."""
    connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(stop=True))


def get(connection: Connection, job_id: str, now: float, owner: str | None) -> Job:
    """Read one, of an owner if one is given. Raises `NotFound`."""
    query = _select(connection, now, owner).where(jobs.c.id == job_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(f"No job {job_id} exists.", resource="job")
    return _to_job(row)


def page(
    connection: Connection,
    owner: str | None,
    now: float,
    *,
    target: str | None,
    after: tuple[float, str] | None,
    limit: int,
) -> JobPage:
    """Read the next ones, the newest first."""
    place = (jobs.c.started_at, jobs.c.id)
    query = _select(connection, now, owner)
    if target is not None:
        query = query.where(jobs.c.target == target)
    if after is not None:
        query = query.where(sa.tuple_(*place) < sa.tuple_(*after))
    query = query.order_by(*(column.desc() for column in place)).limit(limit + 1)
    rows = connection.execute(query).mappings().all()
    found = [_to_job(row) for row in rows[:limit]]
    last = (found[-1].started_at, found[-1].id) if len(rows) > limit else None
    return JobPage(jobs=found, next=last)


def prune(connection: Connection, before: float) -> None:
    """Delete some of the jobs that were last heard of before a moment."""
    old = sa.select(jobs.c.id).where(jobs.c.started_at < before, jobs.c.updated_at < before)
    some = old.order_by(jobs.c.started_at).limit(_PRUNE_ROWS).with_for_update(skip_locked=True)
    connection.execute(sa.delete(jobs).where(jobs.c.id.in_(some)))


def _select(connection: Connection, now: float, owner: str | None) -> sa.Select[Any]:
    leased = jobs.c.leased_until > clock(connection, now)
    held = sa.and_(jobs.c.state == "running", leased).label("is_held")
    mine = () if owner is None else (jobs.c.owner == owner,)
    return sa.select(*(jobs.c[name] for name in _names), held).where(*mine)


def _to_text(value: Any) -> str | None:
    return None if value is None else json.dumps(value, default=sorted)


def _to_job(row: RowMapping) -> Job:
    facts = dict(row) | {"is_held": bool(row["is_held"])}
    return Job(**facts | {name: _of_text(facts[name]) for name in _JSON})


def _of_text(text: str | None) -> Any:
    return None if text is None else json.loads(text)
