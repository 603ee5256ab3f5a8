"""The heads' table: how far the first delivery of an ordered listener has come."""

from __future__ import annotations

from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from durian.registry.head import Head
from durian.registry.sql.tables import heads


def get(connection: Connection, listener_id: str) -> Head | None:
    """Read a listener's."""
    query = sa.select(heads).where(heads.c.listener_id == listener_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else Head(**row)


def put(connection: Connection, head: Head) -> None:
    """Write a listener's, in place of the one before."""
    values = asdict(head)
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(heads).values(values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[heads.c.listener_id], set_=values)
    )


def remove(connection: Connection, listener_id: str) -> None:
    """Forget a listener's."""
    connection.execute(sa.delete(heads).where(heads.c.listener_id == listener_id))
