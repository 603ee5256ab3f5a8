"""Events of transactions in PostgreSQL, by a relay and without one, to RabbitMQ."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from durian.errors import OutboxUnavailable
from durian.events import Event
from durian.producers import AsyncProducer, Producer
from durian.producers.sqlalchemy import OnCommit, Outbox, OutboxStore, Relay
from tests.support.declared import House

pytestmark = [pytest.mark.rabbitmq, pytest.mark.postgres]

METADATA = sa.MetaData()
OUTBOX = Outbox(METADATA)


@pytest.fixture
def engine(postgres_url: str) -> Iterator[sa.Engine]:
    """A database with an outbox."""
    engine = sa.create_engine(with_driver(postgres_url, "psycopg"))
    METADATA.create_all(engine)
    yield engine
    engine.dispose()


def with_driver(url: str, driver: str) -> str:
    return url.replace("postgresql://", f"postgresql+{driver}://")


def write(engine: sa.Engine, count: int) -> list[Event]:
    """Commit events, ten in a transaction."""
    events = [Event(type="order.paid", data={"order": number}) for number in range(count)]
    for start in range(0, count, 10):
        with Session(engine) as session, session.begin():
            for event in events[start : start + 10]:
                OUTBOX.emit(session, event)
    return events


def test_two_relays_at_once_publish_every_event_once(house: House, engine: sa.Engine) -> None:
    events = write(engine, 200)
    stop = threading.Event()
    with Producer(house.url) as producer:
        relays = [
            Relay(OutboxStore(engine, OUTBOX), producer, batch=7, poll_s=0.02) for _ in range(2)
        ]
        threads = [threading.Thread(target=relay.run, args=(stop,)) for relay in relays]
        for thread in threads:
            thread.start()
        waits = sa.select(sa.func.count()).where(OUTBOX.table.c.sent_at.is_(None))
        pause = threading.Event()
        for _ in range(2000):
            with engine.connect() as connection:
                if not connection.scalar(waits):
                    break
            pause.wait(0.02)
        stop.set()
        for thread in threads:
            thread.join(timeout=60)
    assert sorted(house.ids()) == sorted(event.id for event in events)
    assert sum(relay.sent for relay in relays) == 200


def test_rows_that_one_relay_has_locked_are_skipped_by_the_other(engine: sa.Engine) -> None:
    write(engine, 10)
    store = OutboxStore(engine, OUTBOX)
    with store.claim(4) as mine, store.claim(4) as other:
        assert [row.id for row in mine.rows] == [1, 2, 3, 4]
        assert [row.id for row in other.rows] == [5, 6, 7, 8]


def test_a_relay_that_dies_after_the_confirm_lets_the_same_event_come_again(
    house: House, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (event,) = write(engine, 1)
    with Producer(house.url) as producer:
        relay = Relay(OutboxStore(engine, OUTBOX), producer)
        with monkeypatch.context() as patch:
            # The database goes away in the very moment in which the mark should be committed.
            patch.setattr(sa.Connection, "_commit_impl", lambda _: _end_of_connection())
            with pytest.raises(OutboxUnavailable):
                relay.relay()
        assert relay.relay() == 1
        assert relay.relay() == 0
    assert house.ids() == [event.id, event.id]


def _end_of_connection() -> None:
    raise sa.exc.OperationalError("COMMIT", None, OSError("server closed the connection"))


def test_asynchronous_sessions_write_and_publish(house: House, postgres_url: str) -> None:
    async def main(engine: AsyncEngine) -> tuple[Event, Event]:
        async with engine.begin() as connection:
            await connection.run_sync(METADATA.create_all)
        async with AsyncProducer(house.url) as producer, AsyncSession(engine) as session:
            on_commit = OnCommit(producer)
            for ending in (session.rollback, session.commit):
                written = OUTBOX.emit(session, "order.paid", "in the outbox")
                published = on_commit.emit(session, "order.paid", "published")
                await session.flush()
                await ending()
        return written, published

    async def with_engine() -> tuple[Event, Event]:
        engine = create_async_engine(with_driver(postgres_url, "psycopg_async"))
        try:
            return await main(engine)
        finally:
            await engine.dispose()

    written, published = asyncio.run(with_engine())
    assert house.ids() == [published.id]
    engine = sa.create_engine(with_driver(postgres_url, "psycopg"))
    with Producer(house.url) as producer:
        assert Relay(OutboxStore(engine, OUTBOX), producer).relay() == 1
    engine.dispose()
    assert house.ids() == [written.id]
