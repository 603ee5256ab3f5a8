"""The outbox as a table beside the application's own, and how events are written into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, overload

import sqlalchemy as sa
from sqlalchemy.orm import Session, registry, scoped_session

from durian.events import DEFAULT_SOURCE, Event
from durian.producers.check import Check
from durian.producers.maker import Maker
from durian.producers.outbox import text_of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session

    from durian.registry import HookSpec

    #: Whatever a transaction is carried out with.
    Transaction = (
        sa.Connection | Session | scoped_session[Any] | AsyncSession | async_scoped_session[Any]
    )

#: What the table is called unless its owner says otherwise.
TABLE = "durian_outbox"

#: SQLite counts row ids by itself only for INTEGER.
_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Outbox:
    """A table of events that are to leave with the transactions that wrote them.

    The table becomes part of the application's metadata, so that `create_all` makes it and Alembic
    migrates it.

        outbox = Outbox(Base.metadata)

        with Session(engine) as session:
            session.add(order)
            outbox.emit(session, "order.paid", {"order": order.number})
            session.commit()

    Args:
        metadata: The application's.
        table: The table's name.
        schema: The schema of the database that it lies in.
        hooks: What events are checked against before they are written; as for `Producer`.
        source: The `source` of events that `emit` makes of a type and data.
    """

    def __init__(
        self,
        metadata: sa.MetaData,
        table: str = TABLE,
        *,
        schema: str | None = None,
        hooks: Mapping[str, HookSpec | type[Any]] | Check | None = None,
        source: str = DEFAULT_SOURCE,
    ) -> None:
        #: The table; for a migration by hand, or a look at what waits.
        self.table = _table(metadata, table, schema)
        #: The class of its rows, for a session whose `binds` name classes.
        self.row_class: type[Any] = type("OutboxRow", (), {})
        registry().map_imperatively(self.row_class, self.table)
        self._maker = Maker(hooks, source)

    @overload
    def emit(self, transaction: Transaction, event: Event, /) -> Event: ...

    @overload
    def emit(
        self,
        transaction: Transaction,
        event: str,
        data: Any = None,
        /,
        *,
        subject: str | None = None,
        source: str | None = None,
    ) -> Event: ...

    def emit(
        self,
        transaction: Transaction,
        event: Event | str,
        data: Any = None,
        /,
        *,
        subject: str | None = None,
        source: str | None = None,
    ) -> Event:
        """Let an event, or one made of a type and its data, leave with a transaction.

        A session, synchronous or not, writes it at its next flush; a connection at once. When the
        transaction, or the savepoint it is in, is rolled back, there was no event.

        Raises:
            InvalidEvent: it is no event, or not what its hook says. Nothing was written.
        """
        event = self._maker.event(event, data, subject=subject, source=source)
        self._maker.message(event)  # checks it
        if isinstance(transaction, sa.Connection):
            transaction.execute(self.insert(event))
        else:
            row = self.row_class()
            row.event = text_of(event)
            transaction.add(row)
        return event

    def insert(self, *events: Event) -> sa.Insert:
        """The statement that writes events; for an `AsyncConnection`, or many rows at once."""
        return sa.insert(self.table).values([{"event": text_of(event)} for event in events])


def _table(metadata: sa.MetaData, name: str, schema: str | None) -> sa.Table:
    waits = sa.text("sent_at IS NULL AND error IS NULL")
    return sa.Table(
        name,
        metadata,
        sa.Column("id", _SERIAL, primary_key=True),
        # The CloudEvents JSON document. Text, because a JSON type would write it anew.
        sa.Column("event", sa.Text, nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        # Why it cannot be published.
        sa.Column("error", sa.Text),
        # What a relay looks for is small, however many sent rows are kept.
        sa.Index(f"ix_{name}_waiting", "id", postgresql_where=waits, sqlite_where=waits),
        sa.Index(f"ix_{name}_sent_at", "sent_at"),
        schema=schema,
    )
