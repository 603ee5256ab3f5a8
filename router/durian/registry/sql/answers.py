"""The table of answers under idempotency keys."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from durian.registry.sql.insert import insert
from durian.registry.sql.tables import answers

#: The table's name, which what is sealed is bound to.
NAME = answers.name

#: Rows that are deleted at once.
_PRUNE_ROWS = 100


@dataclass(frozen=True, slots=True)
class Begun:
    """A request that was begun, and its answer if there is one."""

    request: str
    sealed: str | None


def find(connection: Connection, caller: str, key: str) -> Begun | None:
    """Read a request by its key; None when there is none."""
    query = sa.select(answers.c.request, answers.c.sealed).where(*_is(caller, key))
    row = connection.execute(query).one_or_none()
    return None if row is None else Begun(row.request, row.sealed)


def begin(connection: Connection, caller: str, key: str, request: str, until: float) -> bool:
    """Begin a request; False when one was begun under this key."""
    values = {"caller": caller, "key": key, "request": request, "until": until}
    statement = insert(connection, answers).values(values).on_conflict_do_nothing()
    return connection.execute(statement.returning(answers.c.key)).first() is not None


def finish(connection: Connection, caller: str, key: str, sealed: str, until: float) -> None:
    """Keep a request's answer until a moment."""
    statement = sa.update(answers).where(*_is(caller, key))
    connection.execute(statement.values(sealed=sealed, until=until))


def delete(connection: Connection, caller: str, key: str) -> None:
    """Forget a request."""
    connection.execute(sa.delete(answers).where(*_is(caller, key)))


def prune(connection: Connection, caller: str, key: str, now: float) -> None:
    """Forget what is no longer kept: this request, and some others."""
    over = answers.c.until <= now
    connection.execute(sa.delete(answers).where(*_is(caller, key), over))
    # What somebody else is deleting is left to them.
    some = sa.select(answers.c.caller, answers.c.key).where(over).limit(_PRUNE_ROWS)
    rows = connection.execute(some.with_for_update(skip_locked=True)).all()
    for row in rows:
        delete(connection, row.caller, row.key)


def _is(caller: str, key: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return answers.c.caller == caller, answers.c.key == key
