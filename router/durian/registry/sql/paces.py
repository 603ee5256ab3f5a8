"""The paces' table: when the next attempt may begin at a listener with a rate.

One moment for each listener, moved on by whoever reserves (the generic cell rate algorithm), so
that all processes together keep the rate.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from durian.registry.sql.tables import paces


def reserve(
    connection: Connection, listener_id: str, count: int, interval_s: float, now: float
) -> float:
    """Reserve the next `count` slots, `interval_s` apart; return the seconds until the first.

    `now` is this machine's time in seconds since the epoch: PostgreSQL goes by its own clock, which
    is the same for all.
    """
    on_sqlite = connection.dialect.name == "sqlite"
    clock: sa.ColumnElement[float] = (
        sa.literal(now)
        if on_sqlite
        else sa.cast(sa.extract("epoch", sa.func.clock_timestamp()), sa.Double)
    )
    span_s = count * interval_s
    later = sa.case((paces.c.next_at > clock, paces.c.next_at), else_=clock) + span_s
    statement = (sqlite if on_sqlite else postgresql).insert(paces)
    row = connection.execute(
        statement.values(listener_id=listener_id, next_at=clock + span_s)
        .on_conflict_do_update(index_elements=[paces.c.listener_id], set_={"next_at": later})
        .returning(paces.c.next_at, clock)
    ).one()
    return max(0.0, float(row[0]) - span_s - float(row[1]))


def remove(connection: Connection, listener_id: str) -> None:
    """Forget a listener's: the next slot is now."""
    connection.execute(sa.delete(paces).where(paces.c.listener_id == listener_id))
