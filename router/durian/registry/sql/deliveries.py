"""Deliveries, as the attempts' table shows them: each by its latest attempt."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from durian.registry.attempt_query import AttemptPage, Wanted
from durian.registry.sql import attempts
from durian.registry.sql.tables import attempts as table

_later = table.alias("later")

#: Holds for a record that none of the same delivery follows: a look into one index, so that a page
#: costs what it holds, and not what the table holds.
_is_latest = ~sa.exists().where(
    _later.c.webhook_id == table.c.webhook_id,
    sa.tuple_(_later.c.at_ms, _later.c.number) > sa.tuple_(table.c.at_ms, table.c.number),
)


def page(
    connection: Connection,
    wanted: Wanted,
    *,
    owner: str | None,
    after: str | None,
    limit: int,
) -> AttemptPage:
    """Read the latest attempts of the next deliveries that fit, the newest first."""
    query = attempts.select(owner).where(_is_latest)
    return attempts.read_page(connection, query, wanted, after, limit)
