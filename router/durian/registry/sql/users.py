"""The tables of users and their sessions: who may log in, and who is."""

from __future__ import annotations

from dataclasses import fields

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from durian.errors import Conflict, NotFound
from durian.registry.sql import tokens
from durian.registry.sql.tables import sessions, users
from durian.registry.token import SCOPES
from durian.registry.user import Session, User

_columns = tuple(users.c[field.name] for field in fields(User))


def insert(connection: Connection, user: User, password: str) -> None:
    """Add a user with the hash of a password. Raises `Conflict` when the name is taken."""
    if find(connection, user.name)[0] is not None:
        raise Conflict(f"A user {user.name} exists already.")
    values = {field.name: getattr(user, field.name) for field in fields(User)}
    values |= {"password": password, "scopes": " ".join(sorted(user.scopes))}
    connection.execute(sa.insert(users).values(values))


def find(connection: Connection, name: str) -> tuple[User | None, str]:
    """Read a user and the hash of their password; None and an empty one when there is none."""
    query = sa.select(*_columns, users.c.password).where(users.c.name == name)
    row = connection.execute(query).mappings().one_or_none()
    return (None, "") if row is None else (_to_user(row), row["password"])


def get(connection: Connection, name: str) -> User:
    """Read a user. Raises `NotFound`."""
    user, _ = find(connection, name)
    if user is None:
        hint = "`durian users list` shows them."
        raise NotFound(f"No user {name} exists.", resource="user", hint=hint)
    return user


def page(connection: Connection, *, after: str | None, limit: int) -> list[User]:
    """Read the next users by name."""
    query = sa.select(*_columns).order_by(users.c.name).limit(limit)
    if after is not None:
        query = query.where(users.c.name > after)
    return [_to_user(row) for row in connection.execute(query).mappings()]


def set_password(connection: Connection, name: str, password: str, now: float) -> None:
    """Give a user another password's hash, and end their sessions."""
    statement = sa.update(users).where(users.c.name == name)
    connection.execute(statement.values(password=password, password_at=now))
    connection.execute(sa.delete(sessions).where(sessions.c.user_name == name))


def delete(connection: Connection, name: str) -> None:
    """Remove a user with their sessions."""
    connection.execute(sa.delete(users).where(users.c.name == name))


def begin(connection: Connection, digest: str, session: Session) -> None:
    """Write a session; those that are over go."""
    connection.execute(sa.delete(sessions).where(sessions.c.expires_at <= session.created_at))
    values = {
        "digest": digest,
        "user_name": session.user and session.user.name,
        "token_id": session.token and session.token.id,
        "local": session.local,
        "created_at": session.created_at,
        "expires_at": session.expires_at,
    }
    connection.execute(sa.insert(sessions).values(values))


def session(connection: Connection, digest: str, now: float) -> Session | None:
    """Read a session with whoever it is of; None when there is none, or it is over."""
    query = sa.select(sessions).where(sessions.c.digest == digest, sessions.c.expires_at > now)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    token = None if row["token_id"] is None else tokens.get(connection, row["token_id"])
    if token is not None and not token.is_valid(now):
        return None
    return Session(
        user=None if row["user_name"] is None else get(connection, row["user_name"]),
        token=token,
        local=row["local"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )


def end(connection: Connection, digest: str) -> None:
    """Remove a session; harmless when there is none."""
    connection.execute(sa.delete(sessions).where(sessions.c.digest == digest))


def _to_user(row: RowMapping) -> User:
    values = {field.name: row[field.name] for field in fields(User)}
    # What a newer version allows besides is left out: both may run beside each other.
    values["scopes"] = frozenset(SCOPES).intersection(row["scopes"].split())
    return User(**values)
