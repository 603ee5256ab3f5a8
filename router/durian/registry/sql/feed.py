"""The feed of changes, read by version.

Every row carries the version that last changed it. Reading rows in the order of their versions up
to the newest therefore misses nothing: a row that changes meanwhile moves to the end of the feed.
So a million listeners can be read in pages, each in a short transaction of its own.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from durian.registry.changes import Changes
from durian.registry.sql import hooks, listeners, removed, tables


def version(connection: Connection) -> int:
    """Read the version of the newest change."""
    newest: int = connection.execute(sa.select(tables.state.c.version)).scalar_one()
    return newest


def identity(connection: Connection) -> str:
    """Read which registry this is."""
    found: str = connection.execute(sa.select(tables.state.c.identity)).scalar_one()
    return found


def start(connection: Connection, since: int) -> tuple[int, bool]:
    """Return the version to read from for a follower at `since`, and whether it has to forget."""
    row = connection.execute(sa.select(tables.state.c.version, tables.state.c.pruned)).one()
    lost = since != 0 and not row.pruned <= since <= row.version
    return (0, True) if lost else (since, False)


def end_of_page(connection: Connection, since: int, size: int) -> int:
    """Return the version at which `size` rows of one kind are full, or else the newest version."""
    ends = [
        connection.execute(
            sa.select(table.c.version)
            .where(table.c.version > since)
            .order_by(table.c.version)
            .offset(size - 1)
            .limit(1)
        ).scalar()
        for table in (tables.listeners, tables.removed, tables.hooks)
    ]
    return min([end for end in ends if end is not None], default=version(connection))


def read(connection: Connection, since: int, upto: int, *, reset: bool = False) -> Changes:
    """Read what changed after `since` and not after `upto`."""
    found, unreadable = listeners.changed(connection, since, upto)
    return Changes(
        version=upto,
        listeners=found,
        unreadable=unreadable,
        removed=removed.changed(connection, "listener", since, upto),
        hooks=hooks.changed(connection, since, upto),
        removed_hooks=removed.changed(connection, "hook", since, upto),
        reset=reset,
    )
