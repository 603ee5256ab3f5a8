"""The one clock by which leases go, for all processes."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection


def clock(connection: Connection, now: float) -> float:
    """Return the database's time, in seconds since the epoch; SQLite has none of its own."""
    if connection.dialect.name == "sqlite":
        return now
    found = sa.extract("epoch", sa.func.clock_timestamp())
    return float(connection.execute(sa.select(found)).scalar_one())
