"""Tombstones: how followers learn that something is gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from durian.registry.sql.database import Write
from durian.registry.sql.tables import removed, state

Kind = Literal["listener", "hook"]

#: Seconds a tombstone is kept: a follower that was away for longer starts from nothing.
KEEP_S = 7 * 24 * 3600.0


def bury(write: Write, kind: Kind, key: str, now: float) -> None:
    """Leave a tombstone, and clear away old ones."""
    values = {"kind": kind, "id": key, "removed_at": now, "version": write.version}
    write.connection.execute(sa.insert(removed).values(values))
    _prune(write.connection, now - KEEP_S)


def revive(write: Write, kind: Kind, keys: Sequence[str]) -> None:
    """Clear the tombstones of what exists again."""
    write.connection.execute(
        sa.delete(removed).where(removed.c.kind == kind, removed.c.id.in_(keys))
    )


def changed(connection: Connection, kind: Kind, since: int, upto: int) -> list[str]:
    """Read what was removed after `since` and not after `upto`."""
    query = sa.select(removed.c.id).where(
        removed.c.kind == kind, removed.c.version > since, removed.c.version <= upto
    )
    return list(connection.execute(query.order_by(removed.c.version, removed.c.id)).scalars())


def has(connection: Connection, kind: Kind, key: str) -> bool:
    """Tell whether something was removed, and did not come back."""
    query = sa.select(removed.c.id).where(removed.c.kind == kind, removed.c.id == key)
    return connection.execute(query).first() is not None


def _prune(connection: Connection, before: float) -> None:
    """Delete the tombstones older than a moment, in seconds since the epoch."""
    oldest = sa.select(removed.c.removed_at).order_by(removed.c.version).limit(1)
    if connection.execute(oldest).scalar_one() >= before:
        return  # mostly: to look at one is cheap, whatever their number
    old = removed.c.removed_at < before
    newest = connection.execute(sa.select(sa.func.max(removed.c.version)).where(old)).scalar_one()
    connection.execute(sa.update(state).where(state.c.pruned < newest).values(pruned=newest))
    connection.execute(sa.delete(removed).where(old))
