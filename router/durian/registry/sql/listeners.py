"""The listeners' table: rows in, listeners out."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from durian.errors import Changed, Conflict, InvalidListener, ListenerUnknown, RegistryError
from durian.registry.entry import ListenerEntry, WantedListeners
from durian.registry.listener import Listener
from durian.registry.policy import Policy
from durian.registry.sql import breakers, paces, removed
from durian.registry.sql.database import Write
from durian.registry.sql.owned import is_of
from durian.registry.sql.tables import listeners

_columns = tuple(listeners.c[name] for name in Listener.model_fields)
_dates = (listeners.c.created_at, listeners.c.updated_at, listeners.c.version)


def insert(write: Write, new: Sequence[Listener], now: float) -> None:
    """Add listeners, all or none. Raises `Conflict` naming the first id that is taken."""
    ids = [listener.id for listener in new]
    # The counter's lock keeps other writers out, so nothing can come between.
    taken = sa.select(listeners.c.id).where(listeners.c.id.in_(ids)).order_by(listeners.c.id)
    found = write.connection.execute(taken).scalars().first()
    if found is not None:
        raise Conflict(f"A listener {found} exists already.")
    stamp = {"created_at": now, "updated_at": now, "version": write.version}
    write.connection.execute(sa.insert(listeners), [_to_row(listener) | stamp for listener in new])
    removed.revive(write, "listener", ids)


def update(
    write: Write,
    listener: Listener,
    now: float,
    *,
    owner: str | None = None,
    if_version: int | None = None,
) -> Listener:
    """Replace a listener; return what it was.

    Raises `ListenerUnknown`, `Changed` when it is at another version, or `InvalidListener` when its
    queue would differ.
    """
    before = current(write.connection, listener.id, owner=owner, if_version=if_version)
    hint = "Remove the listener and add it anew."
    if before.queue_type != listener.queue_type:
        reason = f"is {before.queue_type} and cannot be changed"
        raise InvalidListener("queue_type", reason, hint=hint)
    if before.policy.ordered != listener.policy.ordered:
        reason = f"is {str(before.policy.ordered).lower()} and cannot be changed"
        raise InvalidListener("policy.ordered", reason, hint=hint)
    change(write, listener.id, now, **_to_row(listener))
    return before


def change(write: Write, listener_id: str, now: float, **values: Any) -> None:
    """Change fields of a listener, or none: followers are told that something of it changed.

    Whatever it was, its breaker closes and its pace begins anew. Raises `ListenerUnknown`.
    """
    statement = (
        sa.update(listeners)
        .where(listeners.c.id == listener_id)
        .values(values | {"updated_at": now, "version": write.version})
    )
    if write.connection.execute(statement).rowcount == 0:
        raise ListenerUnknown(listener_id)
    breakers.remove(write.connection, listener_id)
    paces.remove(write.connection, listener_id)


def delete(write: Write, listener_id: str, now: float) -> None:
    """Remove a listener and its secrets. Raises `ListenerUnknown`."""
    statement = sa.delete(listeners).where(listeners.c.id == listener_id)
    if write.connection.execute(statement).rowcount == 0:
        raise ListenerUnknown(listener_id)
    removed.bury(write, "listener", listener_id, now)


def get(connection: Connection, listener_id: str, *, owner: str | None = None) -> Listener:
    """Read one listener, of an owner if one is given. Raises `ListenerUnknown`."""
    return entry(connection, listener_id, owner=owner).listener


def entry(connection: Connection, listener_id: str, *, owner: str | None = None) -> ListenerEntry:
    """Read one with its dates, of an owner if one is given. Raises `ListenerUnknown`."""
    query = sa.select(*_columns, *_dates).where(listeners.c.id == listener_id, *is_of(owner))
    row = connection.execute(query).mappings().first()
    if row is None:
        raise ListenerUnknown(listener_id)
    return _entry(row, (_to_listener(_fields(row)), True))


def current(
    connection: Connection,
    listener_id: str,
    *,
    owner: str | None = None,
    if_version: int | None = None,
) -> Listener:
    """Read one that is to be changed. Raises `ListenerUnknown`, or `Changed` at another version."""
    found = entry(connection, listener_id, owner=owner)
    if if_version not in (None, found.version):
        raise Changed(f"Listener {listener_id} was changed by somebody else.")
    return found.listener


def page(
    connection: Connection, wanted: WantedListeners, *, owner: str | None, limit: int
) -> list[ListenerEntry]:
    """Read the next listeners by id that fit, of an owner if one is given.

    Those whose policy cannot be read are among them, and marked.
    """
    query = sa.select(*_columns, *_dates).where(*is_of(owner), *_conditions(wanted))
    rows = connection.execute(query.order_by(listeners.c.id).limit(limit)).mappings()
    return [_entry(row, _as_far_as_readable(_fields(row))) for row in rows]


def owners(connection: Connection, ids: Collection[str]) -> dict[str, str | None]:
    """Read whose some listeners are; those that do not exist are left out."""
    query = sa.select(listeners.c.id, listeners.c.owner).where(listeners.c.id.in_(ids))
    return {row.id: row.owner for row in connection.execute(query)}


def count(connection: Connection, owner: str | None = None) -> int:
    """Count the listeners, of an owner if one is given."""
    query = sa.select(sa.func.count()).select_from(listeners).where(*is_of(owner))
    return connection.execute(query).scalar_one()


def ids(connection: Connection, owner: str | None = None) -> list[str]:
    """Read the ids of all of them, or of those of an owner."""
    return list(connection.execute(sa.select(listeners.c.id).where(*is_of(owner))).scalars())


def changed(connection: Connection, since: int, upto: int) -> tuple[list[Listener], list[str]]:
    """Read the listeners that were last changed after `since` and not after `upto`.

    And the ids of those whose policy cannot be read: nobody may stop following over one.
    """
    version = listeners.c.version
    return _told(connection, sa.and_(version > since, version <= upto))


def named(connection: Connection, ids: Collection[str]) -> tuple[list[Listener], list[str]]:
    """Read the listeners of these ids, as `changed` does."""
    return _told(connection, listeners.c.id.in_(ids))


def _told(
    connection: Connection, wanted: sa.ColumnElement[bool]
) -> tuple[list[Listener], list[str]]:
    query = sa.select(*_columns).where(wanted).order_by(listeners.c.version, listeners.c.id)
    found: list[Listener] = []
    unreadable: list[str] = []
    for row in map(dict, connection.execute(query).mappings()):
        listener, readable = _as_far_as_readable(row)
        found.append(listener)
        if not readable:
            unreadable.append(row["id"])
    return found, unreadable


def _as_far_as_readable(row: Mapping[str, Any]) -> tuple[Listener, bool]:
    """Take a row; of one whose policy cannot be read, enough to know its queue by."""
    try:
        return _to_listener(row), True
    except RegistryError:
        return _construct(row, Policy(ordered=_is_ordered(row["policy"]))), False


def _conditions(wanted: WantedListeners) -> Iterator[sa.ColumnElement[bool]]:
    if (ids := wanted.get("ids")) is not None:
        yield listeners.c.id.in_(ids)
    if (after := wanted.get("after")) is not None:
        yield listeners.c.id > after
    if (event := wanted.get("event")) is not None:
        yield listeners.c.event == event
    if (enabled := wanted.get("enabled")) is not None:
        yield listeners.c.enabled == enabled
    yield from is_of(wanted.get("owner"))
    if text := wanted.get("search"):
        # All of them are looked through, by one look at each.
        yield listeners.c.search.contains(text.lower(), autoescape=True)


def _fields(row: RowMapping) -> dict[str, Any]:
    return {name: row[name] for name in Listener.model_fields}


def _entry(row: RowMapping, told: tuple[Listener, bool]) -> ListenerEntry:
    listener, readable = told
    return ListenerEntry(
        listener=listener,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
        readable=readable,
    )


def _to_row(listener: Listener) -> dict[str, object]:
    # Only what differs from the defaults, so that a better default reaches old listeners.
    return listener.model_dump() | {
        "policy": listener.policy.model_dump_json(exclude_defaults=True),
        "search": f"{listener.id}\n{listener.url}\n{listener.description}".lower(),
    }


def _to_listener(row: Mapping[str, Any]) -> Listener:
    """Take a row as it is: it was checked when it was written, and there may be a million."""
    try:
        policy = _policy(row["policy"])
    except (ValueError, TypeError, AttributeError) as exc:  # no JSON, no object, or no policy
        raise RegistryError(f"The policy of listener {row['id']} cannot be read.") from exc
    return _construct(row, policy)


def _construct(row: Mapping[str, Any], policy: Policy) -> Listener:
    return Listener.model_construct(**{**row, "policy": policy})


def _is_ordered(policy: str) -> bool:
    """Read the one field of a broken policy that says which queue the listener has."""
    try:
        fields = json.loads(policy)
    except ValueError:
        return False
    return isinstance(fields, dict) and fields.get("ordered") is True


@lru_cache(maxsize=1024)
def _policy(text: str) -> Policy:
    """Read a policy; listeners with the same one share it, and most have the default.

    A field that a newer version wrote is left out: both may run beside each other.
    """
    fields = json.loads(text)
    return Policy.model_validate(
        {name: fields[name] for name in fields.keys() & Policy.model_fields}
    )
