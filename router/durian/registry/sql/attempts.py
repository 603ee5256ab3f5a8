"""The attempts' table: records in, pages of records out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from durian.registry.attempt import Attempt
from durian.registry.attempt_query import AttemptPage, Cursor, Wanted
from durian.registry.sql import listeners, minutes
from durian.registry.sql.insert import insert_new
from durian.registry.sql.tables import attempts

_names = tuple(field.name for field in fields(Attempt))
_values = attrgetter(*_names)
_columns = tuple(attempts.c[name] for name in _names)

#: What is counted of records that were written.
_counted = (attempts.c.listener_id, attempts.c.at_ms, attempts.c.result, attempts.c.latency_ms)

#: Which column a condition is on, and how it compares.
_CONDITIONS = {
    "listener": attempts.c.listener_id.__eq__,
    "event_id": attempts.c.event_id.__eq__,
    "event_type": attempts.c.event_type.__eq__,
    "batch_id": attempts.c.batch_id.__eq__,
    "result": attempts.c.result.__eq__,
    "status": attempts.c.status.__eq__,
    "since_ms": attempts.c.at_ms.__ge__,
    "until_ms": attempts.c.at_ms.__lt__,
}

#: A record like any other, of a delivery that there cannot be.
_SAMPLE = Attempt(
    webhook_id="",
    listener_id="",
    event_id="",
    event_type="",
    event_source="",
    number=1,
    at_ms=0,
    latency_ms=0,
    result="delivered",
    kind="",
)


def add(connection: Connection, new: Iterable[Attempt]) -> None:
    """Write records, and count them; one that is there already is passed over."""
    # In one order everywhere: two writers of the same records would lock each other out.
    ordered = sorted(new, key=lambda one: (one.at_ms, one.webhook_id, one.number))
    if ordered:
        rows = [_to_row(attempt) for attempt in ordered]
        owners = listeners.owners(connection, {row["listener_id"] for row in rows})
        for row in rows:
            row["owner"] = owners.get(row["listener_id"])
        minutes.add(connection, insert_new(connection, attempts, rows, _counted))


def try_out(connection: Connection) -> None:
    """Write a record and take it back: a database that answers may still refuse to write."""
    point = connection.begin_nested()
    add(connection, [_SAMPLE])
    point.rollback()


def prune(connection: Connection, *, before_ms: int, keep: int, limit: int) -> int:
    """Delete at most `limit` records that are too many or too old, and counts; return how many."""
    newest = connection.execute(sa.select(sa.func.max(attempts.c.id))).scalar()
    if newest is None:
        return minutes.prune(connection, before_ms=before_ms, limit=limit)
    # By row number and not by counting, which would read the whole table each time.
    gone = _delete(connection, attempts.c.id <= newest - keep, attempts.c.id, limit)
    gone += _delete(connection, attempts.c.at_ms < before_ms, attempts.c.at_ms, limit - gone)
    return gone + minutes.prune(connection, before_ms=before_ms, limit=limit - gone)


def page(
    connection: Connection,
    wanted: Wanted,
    *,
    owner: str | None,
    after: str | None,
    limit: int,
) -> AttemptPage:
    """Read the next records that fit, of an owner if one is given, the newest first."""
    return read_page(connection, select(owner), wanted, after, limit)


def select(owner: str | None) -> sa.Select[Any]:
    """Select what `read_page` makes records of, of an owner if one is given."""
    return sa.select(attempts.c.id, *_columns).where(*_is_of(owner))


def read_page(
    connection: Connection,
    query: sa.Select[Any],
    wanted: Wanted,
    after: str | None,
    limit: int,
) -> AttemptPage:
    """Read the next rows of a query on the attempts' table, the newest first."""
    query = query.where(*_conditions(wanted))
    place = (attempts.c.at_ms, attempts.c.id)
    if after is not None:
        cursor = Cursor.parse(after)
        query = query.where(sa.tuple_(*place) < sa.tuple_(cursor.at_ms, cursor.row_id))
    ordered = query.order_by(*(column.desc() for column in place)).limit(limit + 1)
    rows = connection.execute(ordered).mappings().all()
    found = rows[:limit]
    last = Cursor(found[-1]["at_ms"], found[-1]["id"]) if len(rows) > limit else None
    return AttemptPage(
        attempts=[_to_attempt(row) for row in found], next=str(last) if last else None
    )


def history(
    connection: Connection,
    *,
    owner: str | None,
    webhook_id: str | None,
    event_id: str | None,
    listener: str | None,
    limit: int,
) -> list[Attempt]:
    """Read the newest records of a delivery, or of an event at one or all listeners, in order."""
    asked = {
        attempts.c.webhook_id: webhook_id,
        attempts.c.event_id: event_id,
        attempts.c.listener_id: listener,
    }
    newest_first = (
        sa.select(*_columns)
        .where(*_is_of(owner))
        .where(*(column == value for column, value in asked.items() if value is not None))
        .order_by(attempts.c.at_ms.desc(), attempts.c.id.desc())
        .limit(limit)
    )
    found = connection.execute(newest_first).mappings()
    return [_to_attempt(row) for row in found][::-1]


def _is_of(owner: str | None) -> tuple[sa.ColumnElement[bool], ...]:
    return () if owner is None else (attempts.c.owner == owner,)


def _conditions(wanted: Wanted) -> Iterator[sa.ColumnElement[bool]]:
    for name, value in wanted.items():
        if value is not None:
            yield _CONDITIONS[name](value)


def _delete(
    connection: Connection,
    condition: sa.ColumnElement[bool],
    order: sa.ColumnElement[int],
    limit: int,
) -> int:
    if limit <= 0:
        return 0
    # What another recorder is deleting is left to it.
    found = sa.select(attempts.c.id).where(condition).order_by(order).limit(limit)
    some = found.with_for_update(skip_locked=True)
    return connection.execute(sa.delete(attempts).where(attempts.c.id.in_(some))).rowcount


def _to_row(attempt: Attempt) -> dict[str, Any]:
    # PostgreSQL cannot store NUL, and a receiver may send it.
    return {
        name: value.replace("\0", "\ufffd") if type(value) is str and "\0" in value else value
        for name, value in zip(_names, _values(attempt), strict=True)
    }


def _to_attempt(row: RowMapping) -> Attempt:
    return Attempt(**{name: row[name] for name in _names})
