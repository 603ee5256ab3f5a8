"""The listeners' table: rows in, listeners out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from durian.errors import Conflict, InvalidListener, NotFound, RegistryError
from durian.registry.listener import Listener
from durian.registry.policy import Policy
from durian.registry.sql import breakers, paces, removed
from durian.registry.sql.database import Write
from durian.registry.sql.tables import listeners

_columns = tuple(listeners.c[name] for name in Listener.model_fields)


def insert(write: Write, new: Sequence[Listener], now: float) -> None:
    """Add listeners, all or none. Raises `Conflict` naming the first id that is taken."""
    ids = [listener.id for listener in new]
    # The counter's lock keeps other writers out, so nothing can come between.
    taken = sa.select(listeners.c.id).where(listeners.c.id.in_(ids)).order_by(listeners.c.id)
    found = write.connection.execute(taken).scalars().first()
    if found is not None:
        raise Conflict(f"A listener {found} exists already.")
    stamp = {"created_at": now, "updated_at": now, "version": write.version}
    write.connection.execute(sa.insert(listeners), [_to_row(listener) | stamp for listener in new])
    removed.revive(write, "listener", ids)


def update(write: Write, listener: Listener, now: float) -> Listener:
    """Replace a listener; return what it was.

    Raises `NotFound`, or `InvalidListener` when its queue would differ.
    """
    before = get(write.connection, listener.id)
    hint = "Remove the listener and add it anew."
    if before.queue_type != listener.queue_type:
        reason = f"is {before.queue_type} and cannot be changed"
        raise InvalidListener("queue_type", reason, hint=hint)
    if before.policy.ordered != listener.policy.ordered:
        reason = f"is {str(before.policy.ordered).lower()} and cannot be changed"
        raise InvalidListener("policy.ordered", reason, hint=hint)
    _set(write, listener.id, now, **_to_row(listener))
    return before


def set_enabled(write: Write, listener_id: str, now: float, *, enabled: bool) -> None:
    """Enable or disable a listener. Raises `NotFound`."""
    _set(write, listener_id, now, enabled=enabled)


def touch(write: Write, listener_id: str, now: float) -> None:
    """Tell followers that something of a listener changed. Raises `NotFound`."""
    _set(write, listener_id, now)


def delete(write: Write, listener_id: str, now: float) -> None:
    """Remove a listener and its secrets. Raises `NotFound`."""
    statement = sa.delete(listeners).where(listeners.c.id == listener_id)
    if write.connection.execute(statement).rowcount == 0:
        raise NotFound(f"No listener {listener_id} exists.")
    removed.bury(write, "listener", listener_id, now)


def get(connection: Connection, listener_id: str) -> Listener:
    """Read one listener. Raises `NotFound`."""
    found = _read(connection, sa.select(*_columns).where(listeners.c.id == listener_id))
    if not found:
        raise NotFound(f"No listener {listener_id} exists.")
    return found[0]


def dates(connection: Connection, listener_id: str) -> tuple[float, float]:
    """Read when one was added and last changed. Raises `NotFound`."""
    query = sa.select(listeners.c.created_at, listeners.c.updated_at)
    row = connection.execute(query.where(listeners.c.id == listener_id)).one_or_none()
    if row is None:
        raise NotFound(f"No listener {listener_id} exists.")
    return row[0], row[1]


def page(
    connection: Connection,
    *,
    event: str | None,
    enabled: bool | None,
    after: str | None,
    limit: int,
) -> list[Listener]:
    """Read the next listeners by id that fit."""
    query = sa.select(*_columns).order_by(listeners.c.id).limit(limit)
    if event is not None:
        query = query.where(listeners.c.event == event)
    if enabled is not None:
        query = query.where(listeners.c.enabled == enabled)
    if after is not None:
        query = query.where(listeners.c.id > after)
    return _read(connection, query)


def count(connection: Connection) -> int:
    """Count the listeners."""
    return connection.execute(sa.select(sa.func.count()).select_from(listeners)).scalar_one()


def changed(connection: Connection, since: int, upto: int) -> list[Listener]:
    """Read the listeners that were last changed after `since` and not after `upto`."""
    version = listeners.c.version
    between = sa.and_(version > since, version <= upto)
    return _read(connection, sa.select(*_columns).where(between).order_by(version, listeners.c.id))


def _set(write: Write, listener_id: str, now: float, **values: Any) -> None:
    """Change a listener: whatever it was, its breaker closes and its pace begins anew."""
    statement = (
        sa.update(listeners)
        .where(listeners.c.id == listener_id)
        .values(values | {"updated_at": now, "version": write.version})
    )
    if write.connection.execute(statement).rowcount == 0:
        raise NotFound(f"No listener {listener_id} exists.")
    breakers.remove(write.connection, listener_id)
    paces.remove(write.connection, listener_id)


def _read(connection: Connection, query: sa.Select[Any]) -> list[Listener]:
    return [_to_listener(row) for row in connection.execute(query).mappings()]


def _to_row(listener: Listener) -> dict[str, object]:
    # Only what differs from the defaults, so that a better default reaches old listeners.
    return listener.model_dump() | {
        "policy": listener.policy.model_dump_json(exclude_defaults=True)
    }


def _to_listener(row: RowMapping) -> Listener:
    """Take a row as it is: it was checked when it was written, and there may be a million."""
    try:
        policy = _policy(row["policy"])
    except ValueError as exc:
        raise RegistryError(f"The policy of listener {row['id']} cannot be read.") from exc
    return Listener.model_construct(**dict(row) | {"policy": policy})


@lru_cache(maxsize=1024)
def _policy(text: str) -> Policy:
    """Read a policy; listeners with the same one share it, and most have the default.

    A field that a newer version wrote is left out: both may run beside each other.
    """
    fields = json.loads(text)
    return Policy.model_validate(
        {name: fields[name] for name in fields.keys() & Policy.model_fields}
    )
