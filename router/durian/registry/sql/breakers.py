"""The breakers' table: a row for every breaker that is open, written by whoever comes first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from durian.registry.breaker import OpenBreaker
from durian.registry.sql.insert import insert
from durian.registry.sql.owned import belongs_to
from durian.registry.sql.tables import breakers


def read(
    connection: Connection, owner: str | None = None, listener_ids: Collection[str] | None = None
) -> list[OpenBreaker]:
    """Read all of them, those of an owner's listeners, and of these only some."""
    mine = belongs_to(breakers.c.listener_id, owner)
    query = sa.select(breakers).where(*mine).order_by(breakers.c.listener_id)
    if listener_ids is not None:
        query = query.where(breakers.c.listener_id.in_(listener_ids))
    return [OpenBreaker(**row) for row in connection.execute(query).mappings()]


def add(connection: Connection, breaker: OpenBreaker) -> OpenBreaker | None:
    """Add one unless the listener has one; return the one it had."""
    statement = insert(connection, breakers).values(asdict(breaker)).on_conflict_do_nothing()
    added = connection.execute(statement.returning(breakers.c.listener_id)).first()
    return get(connection, breaker.listener_id) if added is None else None


def get(connection: Connection, listener_id: str) -> OpenBreaker | None:
    """Read one listener's."""
    query = sa.select(breakers).where(breakers.c.listener_id == listener_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else OpenBreaker(**row)


def claim(connection: Connection, listener_id: str, holder: str, now: float, until: float) -> None:
    """Take the next probe until a moment, when it is due or the holder has it already."""
    due = sa.or_(breakers.c.next_probe_at <= now, breakers.c.holder == holder)
    connection.execute(
        sa.update(breakers)
        .where(breakers.c.listener_id == listener_id, due)
        .values(holder=holder, next_probe_at=until)
    )


def replace(connection: Connection, breaker: OpenBreaker) -> bool:
    """Replace a listener's; False when it has none."""
    statement = sa.update(breakers).where(breakers.c.listener_id == breaker.listener_id)
    return connection.execute(statement.values(asdict(breaker))).rowcount > 0


def remove(connection: Connection, listener_id: str) -> bool:
    """Remove a listener's; False when it had none."""
    statement = sa.delete(breakers).where(breakers.c.listener_id == listener_id)
    return connection.execute(statement).rowcount > 0
