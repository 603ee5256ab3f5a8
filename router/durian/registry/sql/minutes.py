"""The table of counts per minute and listener: added to with each batch of attempts, and summed up.

Under no listener's id it counts all of them, so that what is asked of the whole deployment costs a
row for each minute, however many listeners there are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from durian.registry.attempt import RESULTS
from durian.registry.counts import BUCKETS_MS, Counts, Span
from durian.registry.sql.insert import insert
from durian.registry.sql.owned import belongs_to
from durian.registry.sql.tables import COUNTED, minutes

#: Stands for all listeners.
ALL = ""

_MINUTE_MS = 60_000
_counted = tuple(minutes.c[name] for name in COUNTED)
_sums = tuple(sa.func.coalesce(sa.func.sum(column), 0).label(column.name) for column in _counted)


def add(connection: Connection, new: Iterable[Row[Any]]) -> None:
    """Count attempts; each has a `listener_id`, `at_ms`, `result` and `latency_ms`."""
    counts: defaultdict[tuple[str, int], list[int]] = defaultdict(lambda: [0] * len(COUNTED))
    for attempt in new:
        minute = attempt.at_ms // _MINUTE_MS
        places = (
            RESULTS.index(attempt.result),
            len(RESULTS) + bisect_left(BUCKETS_MS, attempt.latency_ms),
        )
        for listener_id in {attempt.listener_id, ALL}:
            for place in places:
                counts[listener_id, minute][place] += 1
    # In one order everywhere, or two recorders would lock each other out; and what both of them
    # count last, for it stays locked until the commit.
    ordered = sorted(counts.items(), key=lambda one: (one[0][0] == ALL, one[0]))
    rows = [
        {"listener_id": listener_id, "minute": minute, **dict(zip(COUNTED, values, strict=True))}
        for (listener_id, minute), values in ordered
    ]
    if rows:
        statement = insert(connection, minutes)
        more = {name: minutes.c[name] + statement.excluded[name] for name in COUNTED}
        keys = ["listener_id", "minute"]
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=more), rows)


def prune(connection: Connection, *, before_ms: int, limit: int) -> int:
    """Delete at most `limit` counts of minutes before a moment; return how many."""
    old = sa.select(minutes.c.listener_id, minutes.c.minute)
    old = old.where(minutes.c.minute < before_ms // _MINUTE_MS).order_by(minutes.c.minute)
    # What another recorder is deleting is left to it.
    some = old.limit(limit).with_for_update(skip_locked=True)
    key = sa.tuple_(minutes.c.listener_id, minutes.c.minute)
    return connection.execute(sa.delete(minutes).where(key.in_(some))).rowcount


def total(
    connection: Connection, listener_id: str | None, owner: str | None, since: int, until: int
) -> Counts:
    """Sum up the minutes from one to before another, of a listener or all of an owner's."""
    query = sa.select(*_sums).where(*_of(listener_id, owner), *_within(since, until))
    return _to_counts(connection.execute(query).one())


def series(
    connection: Connection,
    listener_id: str | None,
    owner: str | None,
    *,
    since: int,
    until: int,
    step: int,
) -> list[Span]:
    """The same in spans of `step` minutes; those without any attempt are left out."""
    # Not by dividing, which PostgreSQL and SQLite do not do alike with numbers below zero.
    start = (minutes.c.minute - minutes.c.minute % step).label("start")
    query = (
        sa.select(start, *_sums)
        .where(*_of(listener_id, owner), *_within(since, until))
        .group_by(start)
        .order_by(start)
    )
    return [
        Span(start=row.start * 60.0, counts=_to_counts(row)) for row in connection.execute(query)
    ]


def of_listeners(
    connection: Connection, listener_ids: Collection[str], owner: str | None, since: int, until: int
) -> dict[str, list[Span]]:
    """The minutes of some listeners, each in order."""
    query = (
        sa.select(minutes)
        .where(
            minutes.c.listener_id.in_(listener_ids),
            *belongs_to(minutes.c.listener_id, owner),
            *_within(since, until),
        )
        .order_by(minutes.c.listener_id, minutes.c.minute)
    )
    found: defaultdict[str, list[Span]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.listener_id].append(Span(start=row.minute * 60.0, counts=_to_counts(row)))
    return dict(found)


def given_up(connection: Connection, owner: str | None, since: int) -> set[str]:
    """Read the listeners at which deliveries were given up since a minute."""
    some = sa.or_(minutes.c.dead > 0, minutes.c.disabled > 0)
    query = sa.select(minutes.c.listener_id).where(
        minutes.c.minute >= since,
        minutes.c.listener_id != ALL,
        some,
        *belongs_to(minutes.c.listener_id, owner),
    )
    return set(connection.execute(query.distinct()).scalars())


def _of(listener_id: str | None, owner: str | None) -> Collection[sa.ColumnElement[bool]]:
    """Whose minutes: one listener's, an owner's, or those that count all."""
    if listener_id is None and owner is None:
        return (minutes.c.listener_id == ALL,)
    mine = belongs_to(minutes.c.listener_id, owner)
    return mine if listener_id is None else (*mine, minutes.c.listener_id == listener_id)


def _within(since: int, until: int) -> tuple[sa.ColumnElement[bool], ...]:
    return minutes.c.minute >= since, minutes.c.minute < until


def _to_counts(row: Row[Any]) -> Counts:
    values = [int(getattr(row, name)) for name in COUNTED]
    return Counts(results=tuple(values[: len(RESULTS)]), latencies=tuple(values[len(RESULTS) :]))
