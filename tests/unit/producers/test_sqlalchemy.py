"""Events and transactions, on SQLite in memory: what is rolled back was never there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, scoped_session
from sqlalchemy.orm import sessionmaker as make_sessions
from sqlalchemy.pool import StaticPool

from durian.errors import BrokerUnavailable, InvalidEvent, OutboxUnavailable
from durian.events import Event
from durian.events.document import event_of
from durian.producers import PartlyEmitted
from durian.producers.sqlalchemy import OnCommit, Outbox, OutboxStore, Relay
from durian.registry import HookSpec
from tests.support.outbox import FakeProducer, away


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    number: Mapped[int] = mapped_column(primary_key=True)


OUTBOX = Outbox(Base.metadata, source="/shop")


@pytest.fixture
def engine() -> Iterator[sa.Engine]:
    """A database in memory that keeps savepoints as SQLite can, and pysqlite does not."""
    engine = sa.create_engine("sqlite://", poolclass=StaticPool)

    @sa.event.listens_for(engine, "connect")
    def no_hidden_begin(connection: object, _record: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]  # sqlite3's

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def written(engine: sa.Engine) -> list[Event]:
    """The events that wait in the outbox."""
    with engine.connect() as connection:
        texts = connection.execute(sa.select(OUTBOX.table.c.event).order_by(OUTBOX.table.c.id))
        return [event_of(text) for text in texts.scalars()]


@pytest.fixture
def producer() -> FakeProducer:
    return FakeProducer()


@pytest.fixture
def on_commit(producer: FakeProducer) -> OnCommit:
    return OnCommit(producer, source="/shop")


def test_a_commit_writes_the_event_with_the_rows_it_tells_of(engine: sa.Engine) -> None:
    with Session(engine) as session:
        session.add(Order(number=17))
        event = OUTBOX.emit(session, "order.paid", {"order": 17}, subject="17")
        session.commit()
    assert written(engine) == [event]
    assert (event.source, event.subject) == ("/shop", "17")


def test_a_rollback_writes_none(engine: sa.Engine) -> None:
    with Session(engine) as session:
        OUTBOX.emit(session, "order.paid", {"order": 17})
        session.flush()
        session.rollback()
        session.commit()
    assert written(engine) == []


def test_a_savepoint_takes_its_events_with_it(engine: sa.Engine) -> None:
    with Session(engine) as session, session.begin():
        first = OUTBOX.emit(session, "order.paid", 1)
        savepoint = session.begin_nested()
        OUTBOX.emit(session, "order.paid", 2)
        savepoint.rollback()
    assert written(engine) == [first]


def test_a_connection_and_a_scoped_session_do_as_well(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        first = OUTBOX.emit(connection, Event(type="order.paid"))
        others = [Event(type="order.paid", data=number) for number in range(3)]
        connection.execute(OUTBOX.insert(*others))
    sessions = scoped_session(make_sessions(engine))
    last = OUTBOX.emit(sessions, "order.paid")
    sessions.commit()
    sessions.remove()
    assert written(engine) == [first, *others, last]


def test_an_event_that_is_not_what_its_hook_says_is_not_written(engine: sa.Engine) -> None:
    hooks = {"order.paid": HookSpec(name="order.paid", schema={"type": "object"})}
    outbox = Outbox(sa.MetaData(), "other", hooks=hooks)
    with Session(engine) as session, pytest.raises(InvalidEvent, match="data"):
        outbox.emit(session, "order.paid", 17)


def test_a_relay_empties_the_outbox_and_prunes_it(
    engine: sa.Engine, producer: FakeProducer
) -> None:
    with Session(engine) as session, session.begin():
        events = [OUTBOX.emit(session, "order.paid", number) for number in range(3)]
        session.execute(sa.insert(OUTBOX.table).values(event="nonsense"))
    relay = Relay(OutboxStore(engine, OUTBOX), producer, batch=2)
    assert [relay.relay() for _ in range(3)] == [2, 1, 0]
    assert producer.emitted == events
    assert relay.prune() == 0
    with engine.begin() as connection:
        old = sa.text("'2001-01-01 00:00:00'")
        sent = OUTBOX.table.c.sent_at.is_not(None)
        connection.execute(sa.update(OUTBOX.table).where(sent).values(sent_at=old))
    assert relay.prune() == 3
    with engine.connect() as connection:
        (row,) = connection.execute(sa.select(OUTBOX.table))
    assert row.event == "nonsense"
    assert "not valid JSON" in row.error


def test_a_missing_table_is_an_error_of_the_outbox(producer: FakeProducer) -> None:
    engine = sa.create_engine("sqlite://")
    with pytest.raises(OutboxUnavailable, match="no such table"):
        Relay(OutboxStore(engine, OUTBOX), producer).relay()
    engine.dispose()


def test_on_commit_publishes_after_the_commit_in_order(
    engine: sa.Engine, producer: FakeProducer, on_commit: OnCommit
) -> None:
    with Session(engine) as session:
        events = [on_commit.emit(session, "order.paid", number) for number in range(3)]
        session.add(Order(number=17))
        session.flush()
        assert producer.emitted == []
        session.commit()
        assert producer.emitted == events
        more = on_commit.emit(session, Event(type="order.paid"))
        session.commit()
    assert producer.emitted == [*events, more]
    assert events[0].source == "/shop"


def test_on_commit_publishes_nothing_for_a_rollback_or_a_session_that_was_closed(
    engine: sa.Engine, producer: FakeProducer, on_commit: OnCommit
) -> None:
    with Session(engine) as session:
        on_commit.emit(session, "order.paid")
        session.add(Order(number=1))
        session.rollback()
        session.commit()
        on_commit.emit(session, "order.paid")
        session.add(Order(number=2))
        session.flush()
        session.close()
        session.add(Order(number=3))
        session.commit()
    assert producer.emitted == []


def test_on_commit_follows_savepoints(
    engine: sa.Engine, producer: FakeProducer, on_commit: OnCommit
) -> None:
    with Session(engine) as session:
        kept = [on_commit.emit(session, "order.paid", "outside")]
        outer = session.begin_nested()
        on_commit.emit(session, "order.paid", "outer, rolled back")
        with session.begin_nested():
            on_commit.emit(session, "order.paid", "inner, released, and rolled back with outer")
        outer.rollback()
        with session.begin_nested():
            kept.append(on_commit.emit(session, "order.paid", "released"))
        assert producer.emitted == []
        session.commit()
    assert producer.emitted == kept


def test_when_the_broker_is_away_the_commit_holds_and_says_what_did_not_leave(
    engine: sa.Engine, producer: FakeProducer, on_commit: OnCommit
) -> None:
    producer.fails_at[0] = away()
    with Session(engine) as session:
        session.add(Order(number=17))
        event = on_commit.emit(session, "order.paid")
        with pytest.raises(PartlyEmitted) as caught:
            session.commit()
        assert isinstance(caught.value.__cause__, BrokerUnavailable)
        assert caught.value.unconfirmed == (event,)
        assert session.get(Order, 17) is not None
        session.add(Order(number=18))
        session.commit()
    assert producer.emitted == []


def test_two_sessions_do_not_mix(
    engine: sa.Engine, producer: FakeProducer, on_commit: OnCommit
) -> None:
    with Session(engine) as one, Session(engine) as other:
        mine = on_commit.emit(one, "order.paid", "one")
        on_commit.emit(other, "order.paid", "other")
        one.add(Order(number=1))
        one.commit()
        other.rollback()
    assert producer.emitted == [mine]
