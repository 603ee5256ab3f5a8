"""The secrets' table: sealed on the way in, opened on the way out."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from durian.registry.secret import ListenerSecret
from durian.registry.sql.database import Write
from durian.registry.sql.tables import secrets
from durian.registry.vault import Vault


def insert(write: Write, vault: Vault, new: Sequence[tuple[str, ListenerSecret]]) -> None:
    """Store secrets, each with the id of its listener."""
    rows = [
        {
            "listener_id": listener_id,
            "kind": secret.kind,
            "value": vault.seal(secret.value, _context(listener_id)),
            "created_at": secret.created_at,
            "expires_at": secret.expires_at,
        }
        for listener_id, secret in new
    ]
    write.connection.execute(sa.insert(secrets), rows)


def active(
    connection: Connection, vault: Vault, listener_id: str, now: float
) -> list[ListenerSecret]:
    """Read the secrets that sign at a moment, newest first."""
    query = (
        sa.select(secrets)
        .where(secrets.c.listener_id == listener_id, _signs(now))
        .order_by(secrets.c.created_at.desc(), secrets.c.id.desc())
    )
    return [
        ListenerSecret(
            value=vault.open(row.value, _context(listener_id)),
            created_at=row.created_at,
            expires_at=row.expires_at,
        )
        for row in connection.execute(query)
    ]


def expire(write: Write, listener_id: str, at: float, now: float) -> None:
    """Let a listener's secrets end, at the latest at a moment; delete those that ended before."""
    mine = secrets.c.listener_id == listener_id
    write.connection.execute(sa.delete(secrets).where(mine, sa.not_(_signs(now))))
    later = sa.or_(secrets.c.expires_at.is_(None), secrets.c.expires_at > at)
    write.connection.execute(sa.update(secrets).where(mine, later).values(expires_at=at))


def reseal(connection: Connection, vault: Vault, after: int, limit: int) -> tuple[int, int | None]:
    """Seal the next secrets by id with the vault's first key.

    Returns how many were changed, and the id to go on after (None at the end).
    """
    query = sa.select(secrets).where(secrets.c.id > after).order_by(secrets.c.id).limit(limit)
    rows = connection.execute(query).all()
    old = [row for row in rows if not vault.is_current(row.value)]
    for row in old:
        context = _context(row.listener_id)
        value = vault.seal(vault.open(row.value, context), context)
        connection.execute(sa.update(secrets).where(secrets.c.id == row.id).values(value=value))
    return len(old), rows[-1].id if len(rows) == limit else None


def _signs(now: float) -> sa.ColumnElement[bool]:
    return sa.or_(secrets.c.expires_at.is_(None), secrets.c.expires_at > now)


def _context(listener_id: str) -> str:
    """Name the place a value is sealed for."""
    return f"{secrets.name}:{listener_id}"
