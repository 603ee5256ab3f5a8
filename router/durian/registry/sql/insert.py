"""Inserts that know what to do when a row is there already, on both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from pydantic_core import to_json
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Result

#: The parameter that holds all rows.
_ROWS = "rows"


def insert(connection: Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """Begin an insert that takes `on_conflict_do_nothing` and `on_conflict_do_update`."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def insert_new(
    connection: Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    told: Sequence[sa.Column[Any]],
) -> Result[Any]:
    """Insert many rows of the same columns, but those that are there; tell columns of the others.

    In the order given, so that two who insert the same rows do not lock each other out.
    """
    if connection.dialect.name == "sqlite":
        some = sqlite.insert(table).on_conflict_do_nothing().returning(*told)
        return connection.execute(some, rows)
    # As one value: a statement with a parameter for each takes three times as long to be written.
    names = tuple(rows[0])
    every = sa.bindparam(_ROWS, type_=sa.Text)
    columns = (sa.column(name, table.c[name].type) for name in names)
    given = sa.func.json_to_recordset(sa.cast(every, postgresql.JSON)).table_valued(*columns)
    given = given.render_derived(with_types=True)
    new = postgresql.insert(table).from_select(names, sa.select(*given.c)).on_conflict_do_nothing()
    return connection.execute(new.returning(*told), {_ROWS: to_json(rows).decode()})
