"""The replays' table: one row for each replay, held by the process that works on it.

Whether a holder is alive is judged by one clock for all: the database's. Whoever begins or resumes
a replay locks the listener's row, so that a listener has one running replay at most.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from durian.errors import Conflict, ListenerUnknown, NotFound
from durian.registry.replay import Replay
from durian.registry.sql.clock import clock
from durian.registry.sql.owned import belongs_to, is_of
from durian.registry.sql.tables import listeners, replays

#: Which columns change while a replay goes on.
_PROGRESS = ("state", "next_offset", "end_offset", "seen", "sent", "error")


def add(
    connection: Connection, replay: Replay, now: float, lease_s: float, owner: str | None = None
) -> Replay:
    """Add a replay that begins now. Raises `NotFound` or `Conflict`."""
    _lock(connection, replay.listener_id, owner)
    at = clock(connection, now)
    taken = sa.select(replays.c.id).where(replays.c.id == replay.id)
    if connection.execute(taken).scalar_one_or_none() is not None:
        raise Conflict(f"A replay {replay.id} exists already.")
    _let_only(connection, replay, at)
    values = asdict(replay) | {
        "started_at": at,
        "updated_at": at,
        "leased_until": at + lease_s,
    }
    del values["is_held"]
    connection.execute(sa.insert(replays).values(values))
    return get(connection, replay.id, now)


def take(
    connection: Connection,
    replay_id: str,
    holder: str,
    now: float,
    lease_s: float,
    *,
    owner: str | None = None,
) -> Replay:
    """Go on with a replay that nobody works on. Raises `NotFound` or `Conflict`."""
    _lock(connection, get(connection, replay_id, now, owner).listener_id, owner)
    replay = get(connection, replay_id, now)  # as it is behind the lock
    at = clock(connection, now)
    if replay.state == "done":
        raise Conflict(f"Replay {replay_id} is done.")
    _let_only(connection, replay, at)
    connection.execute(
        sa.update(replays)
        .where(replays.c.id == replay_id)
        .values(
            state="running",
            error="",
            holder=holder,
            updated_at=at,
            leased_until=at + lease_s,
        )
    )
    return get(connection, replay_id, now)


def save(connection: Connection, replay: Replay, now: float, lease_s: float) -> bool:
    """Write how far a replay has come; False when another process has it, or it is gone."""
    at = clock(connection, now)
    facts = asdict(replay)
    statement = (
        sa.update(replays)
        .where(
            replays.c.id == replay.id,
            replays.c.holder == replay.holder,
            replays.c.state == "running",
        )
        .values({name: facts[name] for name in _PROGRESS})
        .values(updated_at=at, leased_until=at + lease_s)
    )
    return connection.execute(statement).rowcount > 0


def get(connection: Connection, replay_id: str, now: float, owner: str | None = None) -> Replay:
    """Read one. Raises `NotFound`."""
    query = _select(connection, now, owner).where(replays.c.id == replay_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        hint = "`durian replay list` shows them."
        raise NotFound(f"No replay {replay_id} exists.", resource="replay", hint=hint)
    return _to_replay(row)


def page(
    connection: Connection,
    listener_id: str | None,
    now: float,
    limit: int,
    owner: str | None = None,
) -> list[Replay]:
    """Read the newest ones, of one listener or all."""
    query = _select(connection, now, owner)
    if listener_id is not None:
        query = query.where(replays.c.listener_id == listener_id)
    query = query.order_by(replays.c.started_at.desc(), replays.c.id).limit(limit)
    return [_to_replay(row) for row in connection.execute(query).mappings()]


def _lock(connection: Connection, listener_id: str, owner: str | None) -> None:
    """Keep others from beginning a replay of this listener until the commit."""
    query = sa.select(listeners.c.id).where(listeners.c.id == listener_id, *is_of(owner))
    if connection.execute(query.with_for_update(key_share=True)).scalar_one_or_none() is None:
        raise ListenerUnknown(listener_id)


def _let_only(connection: Connection, replay: Replay, at: float) -> None:
    """Make sure that no replay of the listener is running; one whose process is gone is stopped."""
    running = sa.and_(replays.c.listener_id == replay.listener_id, replays.c.state == "running")
    lost = sa.and_(running, replays.c.leased_until <= at)
    connection.execute(sa.update(replays).where(lost).values(state="stopped"))
    found = connection.execute(sa.select(replays.c.id).where(running)).scalars().first()
    if found is not None:
        hint = (
            "Wait for its end, or stop it where it was started; if its process is gone, it can be "
            "resumed within half a minute."
        )
        raise Conflict(f"Replay {found} of {replay.listener_id} is running.", hint=hint)


def _select(connection: Connection, now: float, owner: str | None) -> sa.Select[Any]:
    leased = replays.c.leased_until > clock(connection, now)
    held = sa.and_(replays.c.state == "running", leased).label("is_held")
    return sa.select(replays, held).where(*belongs_to(replays.c.listener_id, owner))


def _to_replay(row: RowMapping) -> Replay:
    return Replay(**dict(row) | {"is_held": bool(row["is_held"])})
