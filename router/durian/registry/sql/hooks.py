"""The hooks' table: rows in, hook specs out."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from durian.errors import Changed, NotFound
from durian.registry.entry import HookEntry
from durian.registry.hook_spec import HookSpec
from durian.registry.sql import removed
from durian.registry.sql.database import Write
from durian.registry.sql.tables import hooks


def put(write: Write, spec: HookSpec, *, if_version: int | None = None) -> HookSpec | None:
    """Add a hook or replace the one of that name; return what it was, None if there was none.

    Raises `Changed` when it is at another version; version 0 is that of a hook that is not there.
    """
    values = {
        "schema": _to_text(spec.schema),
        "description": spec.description,
        "example": _to_text(spec.example),
        "version": write.version,
    }
    before = find(write.connection, spec.name)
    _refuse_changed(spec.name, before, if_version)
    if before is None:
        write.connection.execute(sa.insert(hooks).values(values | {"name": spec.name}))
        removed.revive(write, "hook", [spec.name])
        return None
    statement = sa.update(hooks).where(hooks.c.name == spec.name)
    write.connection.execute(statement.values(values))
    return before.spec


def delete(write: Write, name: str, now: float, *, if_version: int | None = None) -> HookSpec:
    """Remove a hook; return what it was. Raises `NotFound`, or `Changed` at another version."""
    before = get(write.connection, name)
    _refuse_changed(name, before, if_version)
    write.connection.execute(sa.delete(hooks).where(hooks.c.name == name))
    removed.bury(write, "hook", name, now)
    return before.spec


def get(connection: Connection, name: str) -> HookEntry:
    """Read one hook. Raises `NotFound`."""
    found = find(connection, name)
    if found is None:
        raise NotFound(f"No hook {name} exists.", resource="hook")
    return found


def find(connection: Connection, name: str) -> HookEntry | None:
    """Read one hook; None when there is none."""
    row = connection.execute(sa.select(hooks).where(hooks.c.name == name)).first()
    return None if row is None else HookEntry(spec=_to_spec(row), version=row.version)


def page(connection: Connection, *, after: str | None, limit: int) -> list[HookSpec]:
    """Read the next hooks by name."""
    query = sa.select(hooks).order_by(hooks.c.name).limit(limit)
    if after is not None:
        query = query.where(hooks.c.name > after)
    return [_to_spec(row) for row in connection.execute(query)]


def changed(connection: Connection, since: int, upto: int) -> list[HookSpec]:
    """Read the hooks that were last changed after `since` and not after `upto`.

    But for those that cannot be read: nobody may stop following over one.
    """
    between = sa.and_(hooks.c.version > since, hooks.c.version <= upto)
    query = sa.select(hooks).where(between).order_by(hooks.c.version, hooks.c.name)
    found: list[HookSpec] = []
    for row in connection.execute(query):
        with suppress(ValueError):
            found.append(_to_spec(row))
    return found


def _refuse_changed(name: str, found: HookEntry | None, if_version: int | None) -> None:
    if if_version not in (None, 0 if found is None else found.version):
        raise Changed(f"Hook {name} was changed by somebody else.")


def _to_text(value: object) -> str | None:
    return None if value is None else json.dumps(value)


def _to_spec(row: Row[Any]) -> HookSpec:
    return HookSpec(
        name=row.name,
        schema=None if row.schema is None else json.loads(row.schema),
        description=row.description,
        example=None if row.example is None else json.loads(row.example),
    )
