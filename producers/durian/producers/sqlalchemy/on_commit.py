"""Events that are published right after a session's commit, without a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from sqlalchemy import event as sa_event
from sqlalchemy.orm import Session, SessionTransaction, scoped_session
from sqlalchemy.util import await_only

from durian.events import DEFAULT_SOURCE, Event
from durian.producers.asynchronous import AsyncProducer
from durian.producers.maker import Maker
from durian.producers.producer import Producer

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session

    #: A session of either kind.
    AnySession = (
        Session | scoped_session[Session] | AsyncSession | async_scoped_session[AsyncSession]
    )


class OnCommit:
    """Publishes events right after the commit of the session's transaction.

    A process that dies between commit and publish loses them, and so does one whose broker is away
    for longer than the producer is patient: `commit` then raises `PartlyEmitted`, and the
    transaction is committed all the same. Use `Outbox` where that must not happen.

        on_commit = OnCommit(producer)

        with Session(engine) as session:
            session.add(order)
            on_commit.emit(session, "order.paid", {"order": order.number})
            session.commit()

    Args:
        producer: What events are published with; an `AsyncProducer` for asynchronous sessions.
        source: The `source` of events that `emit` makes of a type and data.
    """

    def __init__(self, producer: Producer | AsyncProducer, *, source: str = DEFAULT_SOURCE) -> None:
        self._producer = producer
        self._maker = Maker(None, source)

    @overload
    def emit(self, session: AnySession, event: Event, /) -> Event: ...

    @overload
    def emit(
        self,
        session: AnySession,
        event: str,
        data: Any = None,
        /,
        *,
        subject: str | None = None,
        source: str | None = None,
    ) -> Event: ...

    def emit(
        self,
        session: AnySession,
        event: Event | str,
        data: Any = None,
        /,
        *,
        subject: str | None = None,
        source: str | None = None,
    ) -> Event:
        """Let an event, or one made of a type and its data, leave after the session's commit.

        When the transaction, or the savepoint it is in, is rolled back, there was no event.

        Raises InvalidEvent when it is no event.
        """
        event = self._maker.event(event, data, subject=subject, source=source)
        plain = _plain(session)
        if self not in plain.info:
            plain.info[self] = _Pending(plain, self._producer)
        plain.info[self].add(event)
        return event


class _Pending:
    """The events of one session that wait for its commit, each with its innermost transaction."""

    def __init__(self, session: Session, producer: Producer | AsyncProducer) -> None:
        self._session = session
        self._producer = producer
        #: None stands for the transaction that the session's first statement will begin.
        self._events: list[tuple[SessionTransaction | None, Event]] = []
        self._committed = False
        sa_event.listen(session, "after_commit", self._after_commit)
        sa_event.listen(session, "after_soft_rollback", self._after_rollback)
        sa_event.listen(session, "after_transaction_end", self._after_end)

    def add(self, event: Event) -> None:
        """Keep an event until it is known what becomes of the transaction."""
        self._events.append((self._session.get_nested_transaction(), event))

    def _after_commit(self, session: Session) -> None:
        # Called for the release of a savepoint as well.
        self._committed = not session.in_nested_transaction()

    def _after_rollback(self, _session: Session, ended: SessionTransaction) -> None:
        self._events = [each for each in self._events if not _within(each[0], ended)]

    def _after_end(self, _session: Session, ended: SessionTransaction) -> None:
        """Publish if it was committed, now that the connection is back in its pool.

        Nothing may raise earlier: a session is of no use when its `after_commit` fails.
        """
        if ended.parent is not None:
            return
        events = [event for _, event in self._events] if self._committed else []
        self._events.clear()
        self._committed = False
        if events and isinstance(self._producer, AsyncProducer):
            await_only(self._producer.emit_many(events))
        elif events:
            self._producer.emit_many(events)


def _within(transaction: SessionTransaction | None, outer: SessionTransaction) -> bool:
    while transaction is not None and transaction is not outer:
        transaction = transaction.parent
    return transaction is outer


def _plain(session: AnySession) -> Session:
    """The synchronous session that does the work of any other."""
    if isinstance(session, Session):
        return session
    if isinstance(session, scoped_session):
        return session()
    # Needs greenlet, which is there when such a session is.
    from sqlalchemy.ext.asyncio import async_scoped_session  # noqa: PLC0415 - the reason above

    found = session() if isinstance(session, async_scoped_session) else session
    plain: Session = found.sync_session
    return plain
