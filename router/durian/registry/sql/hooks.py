"""The hooks' table: rows in, hook specs out."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from durian.errors import NotFound
from durian.registry.hook_spec import HookSpec
from durian.registry.sql import removed
from durian.registry.sql.database import Write
from durian.registry.sql.tables import hooks


def put(write: Write, spec: HookSpec) -> None:
    """Add a hook or replace the one of that name."""
    values = {
        "schema": _to_text(spec.schema),
        "description": spec.description,
        "example": _to_text(spec.example),
        "version": write.version,
    }
    statement = sa.update(hooks).where(hooks.c.name == spec.name).values(values)
    if write.connection.execute(statement).rowcount == 0:
        write.connection.execute(sa.insert(hooks).values(values | {"name": spec.name}))
        removed.revive(write, "hook", [spec.name])


def delete(write: Write, name: str, now: float) -> None:
    """Remove a hook. Raises `NotFound`."""
    statement = sa.delete(hooks).where(hooks.c.name == name)
    if write.connection.execute(statement).rowcount == 0:
        raise NotFound(f"No hook {name} exists.")
    removed.bury(write, "hook", name, now)


def get(connection: Connection, name: str) -> HookSpec:
    """Read one hook. Raises `NotFound`."""
    row = connection.execute(sa.select(hooks).where(hooks.c.name == name)).first()
    if row is None:
        raise NotFound(f"No hook {name} exists.")
    return _to_spec(row)


def page(connection: Connection, *, after: str | None, limit: int) -> list[HookSpec]:
    """Read the next hooks by name."""
    query = sa.select(hooks).order_by(hooks.c.name).limit(limit)
    if after is not None:
        query = query.where(hooks.c.name > after)
    return [_to_spec(row) for row in connection.execute(query)]


def changed(connection: Connection, since: int, upto: int) -> list[HookSpec]:
    """Read the hooks that were last changed after `since` and not after `upto`."""
    between = sa.and_(hooks.c.version > since, hooks.c.version <= upto)
    query = sa.select(hooks).where(between).order_by(hooks.c.version, hooks.c.name)
    return [_to_spec(row) for row in connection.execute(query)]


def _to_text(value: object) -> str | None:
    return None if value is None else json.dumps(value)


def _to_spec(row: Row[Any]) -> HookSpec:
    return HookSpec(
        name=row.name,
        schema=None if row.schema is None else json.loads(row.schema),
        description=row.description,
        example=None if row.example is None else json.loads(row.example),
    )
