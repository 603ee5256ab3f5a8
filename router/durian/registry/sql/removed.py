"""Tombstones: how followers learn that something is gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from durian.registry.sql.database import Write
from durian.registry.sql.tables import removed, state

Kind = Literal["listener", "hook"]


def bury(write: Write, kind: Kind, key: str, now: float) -> None:
    """Leave a tombstone."""
    values = {"kind": kind, "id": key, "removed_at": now, "version": write.version}
    write.connection.execute(sa.insert(removed).values(values))


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


def prune(connection: Connection, before: float) -> int:
    """Delete the tombstones older than a moment (seconds since the epoch); return how many."""
    old = removed.c.removed_at < before
    newest = connection.execute(sa.select(sa.func.max(removed.c.version)).where(old)).scalar()
    if newest is None:
        return 0
    connection.execute(sa.update(state).where(state.c.pruned < newest).values(pruned=newest))
    return connection.execute(sa.delete(removed).where(old)).rowcount
