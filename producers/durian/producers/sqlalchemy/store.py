"""What a relay does with the table of an outbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import sqlalchemy as sa

from durian.errors import OutboxUnavailable
from durian.producers.outbox import Row
from durian.producers.sqlalchemy.outbox import Outbox

#: Characters of a driver's message that are passed on.
_MOST_REASON = 300


class OutboxStore:
    """The rows of an outbox, as a relay works on them.

    PostgreSQL and MySQL 8 let several relays work side by side, each skipping what another has
    locked. SQLite has no such locks: one relay there, or events are published twice.
    """

    def __init__(self, engine: sa.Engine, outbox: Outbox) -> None:
        self._engine = engine
        self._table = outbox.table

    @contextmanager
    def claim(self, most: int) -> Iterator[OutboxClaim]:
        """Lock rows that wait, the oldest first, and work on them in one transaction."""
        columns = self._table.c
        waiting = (
            sa.select(columns.id, columns.event)
            .where(columns.sent_at.is_(None), columns.error.is_(None))
            .order_by(columns.id)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        with _translated(), self._engine.begin() as connection:
            rows = [Row(row.id, row.event) for row in connection.execute(waiting)]
            yield OutboxClaim(connection, self._table, rows)

    def prune(self, before: datetime, most: int) -> int:
        """Delete rows sent before a moment, at most so many; tell how many these were."""
        columns = self._table.c
        old = (
            sa.select(columns.id)
            .where(columns.sent_at < before)
            .order_by(columns.sent_at)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        with _translated(), self._engine.begin() as connection:
            ids = connection.execute(old).scalars().all()
            if ids:
                connection.execute(sa.delete(self._table).where(columns.id.in_(ids)))
        return len(ids)


class OutboxClaim:
    """Rows that are locked until the transaction of their connection ends."""

    def __init__(self, connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
        #: The rows, in the order in which they were written.
        self.rows = rows
        self._connection = connection
        self._table = table

    def mark_sent(self, ids: Sequence[int]) -> None:
        """Note that the broker has these safely."""
        self._update(ids, sent_at=datetime.now(UTC))

    def mark_faulty(self, row_id: int, reason: str) -> None:
        """Note that this one is no event."""
        self._update([row_id], error=reason)

    def _update(self, ids: Sequence[int], **values: object) -> None:
        rows = self._table.c.id.in_(ids)
        self._connection.execute(sa.update(self._table).where(rows).values(**values))


@contextmanager
def _translated() -> Iterator[None]:
    """Raise OutboxUnavailable in place of what SQLAlchemy and its drivers raise."""
    try:
        yield
    except sa.exc.SQLAlchemyError as exc:
        # Without the statement and its parameters: they hold events.
        said = " ".join(str(getattr(exc, "orig", None) or exc).split())
        reason = said[:_MOST_REASON].rstrip(".")
        raise OutboxUnavailable(f"The database of the outbox: {reason}.") from exc
