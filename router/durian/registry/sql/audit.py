"""The audit log's table: entries in, pages of entries out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from durian.registry.audit import AuditEntry, AuditPage
from durian.registry.principal import Principal
from durian.registry.sql.tables import audit, listeners

#: What a listener is called among the targets; and what sorts behind all of them.
_LISTENER = "listener "
_BEHIND_LISTENERS = "listener!"


def add(
    connection: Connection,
    principal: Principal,
    at: float,
    action: str,
    target: str,
    *,
    owner: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write one entry."""
    values = {
        "at": at,
        "actor": principal.name,
        "owner": owner,
        "action": action,
        "target": target,
        "before": _to_text(before),
        "after": _to_text(after),
    }
    # As a list: a single row would be asked for its number, which takes as long again.
    connection.execute(sa.insert(audit), [values])


def page(
    connection: Connection, owner: str | None, *, target: str | None, after: int | None, limit: int
) -> AuditPage:
    """Read the next entries, the newest first; with an owner only those on what is theirs."""
    query = sa.select(audit).order_by(audit.c.id.desc()).limit(limit + 1)
    if owner is not None:
        query = query.where(audit.c.owner == owner)
    if target is not None:
        query = query.where(audit.c.target == target)
    if after is not None:
        query = query.where(audit.c.id < after)
    rows = connection.execute(query).all()
    entries = [_to_entry(row) for row in rows[:limit]]
    return AuditPage(entries=entries, next=entries[-1].id if len(rows) > limit else None)


def removed_listeners(connection: Connection, owner: str | None) -> list[str]:
    """Read the ids of listeners that were removed and are not there now, of an owner or all."""
    name = sa.func.substr(audit.c.target, len(_LISTENER) + 1)
    is_there = sa.exists().where(listeners.c.id == name)
    query = sa.select(name).distinct().where(audit.c.action == "listener.remove", ~is_there)
    if owner is not None:
        query = query.where(audit.c.owner == owner)
    return sorted(connection.execute(query).scalars())


def known_listeners(connection: Connection, owner: str | None, after: str, limit: int) -> list[str]:
    """Read the next ids of listeners that are there or were removed, of an owner or all, in order.

    Two ranges of two indexes: what lies before `after` is not read.
    """
    name = sa.func.substr(audit.c.target, len(_LISTENER) + 1).label("id")
    there = sa.select(listeners.c.id).where(listeners.c.id > after)
    gone = sa.select(name).where(
        audit.c.target > f"{_LISTENER}{after}",
        audit.c.target < _BEHIND_LISTENERS,
        audit.c.action == "listener.remove",
        ~sa.exists().where(listeners.c.id == name),  # it may be somebody else's by now
    )
    if owner is not None:
        there, gone = there.where(listeners.c.owner == owner), gone.where(audit.c.owner == owner)
    both = sa.union(there, gone).order_by("id").limit(limit)
    return list(connection.execute(both).scalars())


def _to_text(facts: Mapping[str, Any] | None) -> str | None:
    return None if facts is None else json.dumps(facts, default=sorted)


def _to_entry(row: Row[Any]) -> AuditEntry:
    fields = dict(row._mapping)  # noqa: SLF001  # its name for reading a row by its columns
    for name in ("before", "after"):
        fields[name] = None if fields[name] is None else json.loads(fields[name])
    return AuditEntry(**fields)
