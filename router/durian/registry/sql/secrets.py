"""The secrets' table: sealed on the way in, opened on the way out.

It holds what listeners' deliveries are signed with, and the keys of their client certificates.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from durian.errors import RegistryError
from durian.registry.secret import ListenerSecret
from durian.registry.sql.database import Write
from durian.registry.sql.tables import secrets
from durian.registry.vault import Vault

#: The kind of a client certificate's key. All other kinds sign.
_CLIENT_KEY = "tls"


def insert(write: Write, vault: Vault, new: Sequence[tuple[str, ListenerSecret]]) -> None:
    """Store secrets, each with the id of its listener."""
    rows = [
        {
            "listener_id": listener_id,
            "kind": secret.kind,
            "value": vault.seal(secret.value, _context(listener_id, secret.kind)),
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
    mine = secrets.c.listener_id == listener_id
    return [_open(vault, row) for row in connection.execute(_newest_first(mine, now))]


def active_of(
    connection: Connection, vault: Vault, listener_ids: Collection[str], now: float
) -> dict[str, list[ListenerSecret]]:
    """The same of several listeners, by id; those with one that cannot be opened are left out."""
    theirs = secrets.c.listener_id.in_(listener_ids)
    found: dict[str, list[ListenerSecret]] = {}
    sealed: set[str] = set()
    for row in connection.execute(_newest_first(theirs, now)):
        try:
            found.setdefault(row.listener_id, []).append(_open(vault, row))
        except RegistryError:
            sealed.add(row.listener_id)
    return {each: signing for each, signing in found.items() if each not in sealed}


def expire(write: Write, listener_id: str, at: float, now: float) -> None:
    """Let a listener's secrets end, at the latest at a moment; delete those that ended before."""
    mine = _signing(listener_id)
    write.connection.execute(sa.delete(secrets).where(mine, sa.not_(_signs(now))))
    later = sa.or_(secrets.c.expires_at.is_(None), secrets.c.expires_at > at)
    write.connection.execute(sa.update(secrets).where(mine, later).values(expires_at=at))


def put_client_key(write: Write, vault: Vault, listener_id: str, key_pem: str, now: float) -> None:
    """Store the key of a listener's client certificate, in place of the one it has."""
    drop_client_key(write, listener_id)
    row = {
        "listener_id": listener_id,
        "kind": _CLIENT_KEY,
        "value": vault.seal(key_pem, _context(listener_id, _CLIENT_KEY)),
        "created_at": now,
    }
    write.connection.execute(sa.insert(secrets), row)


def drop_client_key(write: Write, listener_id: str) -> None:
    """Forget the key of a listener's client certificate, if it has one."""
    write.connection.execute(sa.delete(secrets).where(_client_key(listener_id)))


def client_key(connection: Connection, vault: Vault, listener_id: str) -> str | None:
    """Read the key of a listener's client certificate; None when it has none."""
    query = sa.select(secrets.c.value).where(_client_key(listener_id))
    sealed = connection.execute(query).scalar_one_or_none()
    return None if sealed is None else vault.open(sealed, _context(listener_id, _CLIENT_KEY))


def reseal(connection: Connection, vault: Vault, after: int, limit: int) -> tuple[int, int | None]:
    """Seal the next secrets by id with the vault's first key.

    Returns how many were changed, and the id to go on after (None at the end).
    """
    query = sa.select(secrets).where(secrets.c.id > after).order_by(secrets.c.id).limit(limit)
    rows = connection.execute(query).all()
    old = [row for row in rows if not vault.is_current(row.value)]
    for row in old:
        context = _context(row.listener_id, row.kind)
        value = vault.seal(vault.open(row.value, context), context)
        connection.execute(sa.update(secrets).where(secrets.c.id == row.id).values(value=value))
    return len(old), rows[-1].id if len(rows) == limit else None


def _newest_first(whose: sa.ColumnElement[bool], now: float) -> sa.Select[Any]:
    return (
        sa.select(secrets)
        .where(whose, secrets.c.kind != _CLIENT_KEY, _signs(now))
        .order_by(secrets.c.created_at.desc(), secrets.c.id.desc())
    )


def _open(vault: Vault, row: sa.Row[Any]) -> ListenerSecret:
    return ListenerSecret(
        value=vault.open(row.value, _context(row.listener_id, row.kind)),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def _signs(now: float) -> sa.ColumnElement[bool]:
    return sa.or_(secrets.c.expires_at.is_(None), secrets.c.expires_at > now)


def _signing(listener_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(secrets.c.listener_id == listener_id, secrets.c.kind != _CLIENT_KEY)


def _client_key(listener_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(secrets.c.listener_id == listener_id, secrets.c.kind == _CLIENT_KEY)


def _context(listener_id: str, kind: str) -> str:
    """Name the place a value is sealed for: a key and what signs cannot change places."""
    place = f"{secrets.name}:{listener_id}"
    return f"{place}:{kind}" if kind == _CLIENT_KEY else place
