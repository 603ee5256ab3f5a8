"""The tokens' table: tokens in and out, and digests beside them."""

from __future__ import annotations

from dataclasses import fields

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from durian.errors import Conflict, NotFound
from durian.registry.sql.tables import tokens
from durian.registry.token import SCOPES, Token

_columns = tuple(tokens.c[field.name] for field in fields(Token))


def insert(connection: Connection, token: Token, digest: str) -> None:
    """Add a token. Raises `Conflict` when its id is taken."""
    taken = sa.select(tokens.c.id).where(tokens.c.id == token.id)
    if connection.execute(taken).first() is not None:
        raise Conflict(f"A token {token.id} exists already.")
    values = {field.name: getattr(token, field.name) for field in fields(Token)}
    values |= {"digest": digest, "scopes": " ".join(sorted(token.scopes))}
    connection.execute(sa.insert(tokens).values(values))


def find(connection: Connection, token_id: str) -> tuple[Token | None, str]:
    """Read a token and its digest; None and an empty one when there is none."""
    query = sa.select(*_columns, tokens.c.digest).where(tokens.c.id == token_id)
    row = connection.execute(query).mappings().one_or_none()
    return (None, "") if row is None else (_to_token(row), row["digest"])


def get(connection: Connection, token_id: str) -> Token:
    """Read a token. Raises `NotFound`."""
    token, _ = find(connection, token_id)
    if token is None:
        raise NotFound(f"No token {token_id} exists.", resource="token")
    return token


def page(connection: Connection, *, after: str | None, limit: int) -> list[Token]:
    """Read the next tokens by id."""
    query = sa.select(*_columns).order_by(tokens.c.id).limit(limit)
    if after is not None:
        query = query.where(tokens.c.id > after)
    return [_to_token(row) for row in connection.execute(query).mappings()]


def use(connection: Connection, token_id: str, now: float, unless_after: float) -> None:
    """Note when a token was used, unless that was noted after a moment."""
    stale = sa.or_(tokens.c.last_used_at.is_(None), tokens.c.last_used_at <= unless_after)
    statement = sa.update(tokens).where(tokens.c.id == token_id, stale).values(last_used_at=now)
    connection.execute(statement)


def delete(connection: Connection, token_id: str) -> None:
    """Remove a token."""
    connection.execute(sa.delete(tokens).where(tokens.c.id == token_id))


def _to_token(row: RowMapping) -> Token:
    values = {field.name: row[field.name] for field in fields(Token)}
    # What a newer version allows besides is left out: both may run beside each other.
    values["scopes"] = frozenset(SCOPES).intersection(row["scopes"].split())
    return Token(**values)
