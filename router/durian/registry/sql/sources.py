"""The sources' table: their secrets sealed on the way in, opened on the way out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from durian.errors import Conflict, NotFound
from durian.registry.source import Source, SourceSecret
from durian.registry.sql.tables import sources
from durian.registry.vault import Vault


def insert(connection: Connection, vault: Vault, source: Source, secret: SourceSecret) -> None:
    """Add a source. Raises `Conflict` when its id is taken."""
    if _row(connection, source.id) is not None:
        raise Conflict(f"A source {source.id} exists already.")
    values = {
        "id": source.id,
        "scheme": source.scheme,
        "event": source.event,
        "description": source.description,
        "secrets": _sealed(vault, source.id, [secret]),
        "created_at": source.created_at,
    }
    connection.execute(sa.insert(sources).values(values))


def get(connection: Connection, source_id: str) -> Source:
    """Read a source. Raises `NotFound`."""
    return _to_source(_get(connection, source_id))


def secrets(connection: Connection, vault: Vault, source_id: str) -> list[SourceSecret]:
    """Read all secrets of a source, the newest first. Raises `NotFound`."""
    sealed = _get(connection, source_id).secrets
    return [
        SourceSecret(value=value, expires_at=expires_at)
        for value, expires_at in json.loads(vault.open(sealed, _context(source_id)))
    ]


def replace_secrets(
    connection: Connection, vault: Vault, source_id: str, new: Sequence[SourceSecret]
) -> None:
    """Give a source other secrets."""
    sealed = _sealed(vault, source_id, new)
    mine = sources.c.id == source_id
    connection.execute(sa.update(sources).where(mine).values(secrets=sealed))


def page(connection: Connection, *, after: str | None, limit: int) -> list[Source]:
    """Read the next sources by id."""
    query = sa.select(sources).order_by(sources.c.id).limit(limit)
    if after is not None:
        query = query.where(sources.c.id > after)
    return [_to_source(row) for row in connection.execute(query)]


def delete(connection: Connection, source_id: str) -> Source:
    """Remove a source; return what it was. Raises `NotFound`."""
    before = get(connection, source_id)
    connection.execute(sa.delete(sources).where(sources.c.id == source_id))
    return before


def reseal(connection: Connection, vault: Vault) -> int:
    """Seal all secrets with the vault's first key; return how many were not."""
    rows = connection.execute(sa.select(sources.c.id, sources.c.secrets)).all()
    old = [row for row in rows if not vault.is_current(row.secrets)]
    for row in old:
        context = _context(row.id)
        value = vault.seal(vault.open(row.secrets, context), context)
        connection.execute(sa.update(sources).where(sources.c.id == row.id).values(secrets=value))
    return len(old)


def _row(connection: Connection, source_id: str) -> Row[Any] | None:
    return connection.execute(sa.select(sources).where(sources.c.id == source_id)).first()


def _get(connection: Connection, source_id: str) -> Row[Any]:
    row = _row(connection, source_id)
    if row is None:
        raise NotFound(f"No source {source_id} exists.", resource="source")
    return row


def _to_source(row: Row[Any]) -> Source:
    return Source(
        id=row.id,
        scheme=row.scheme,
        event=row.event,
        description=row.description,
        created_at=row.created_at,
    )


def _sealed(vault: Vault, source_id: str, secrets: Sequence[SourceSecret]) -> str:
    text = json.dumps([(secret.value, secret.expires_at) for secret in secrets])
    return vault.seal(text, _context(source_id))


def _context(source_id: str) -> str:
    """Name the place a value is sealed for."""
    return f"{sources.name}:{source_id}"
