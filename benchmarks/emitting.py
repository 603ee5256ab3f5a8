"""How fast events get in: each confirmed, many at once, from asyncio, and out of an outbox."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from benchmarks.support import Figure, postgres, virtual_host
from durian.events import Event
from durian.producers import AsyncProducer, Producer
from durian.producers.sqlalchemy import Outbox, OutboxStore, Relay
from tests.support.declared import House
from tests.support.rabbitmq import Node

#: Events that are emitted one by one, and at once.
SINGLES = 1000
MANY = 20_000

#: Tasks that emit at the same time, as the requests of a busy web application do.
TASKS = 200

#: Bytes of an event's data.
SIZE = 400


class Watch:
    """Measures what happens within a block."""

    def __init__(self, name: str, count: int) -> None:
        self._name = name
        self._count = count
        self.figures: list[Figure] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure time, and the processor time of this process: other load cannot blur it."""
        begin, cpu = time.perf_counter(), time.process_time()
        yield
        took, used = time.perf_counter() - begin, time.process_time() - cpu
        self.figures = [
            Figure(f"{self._name}: events", self._count / took, "1/s"),
            Figure(f"{self._name}: processor time of an event", used / self._count * 1e6, "us"),
        ]


def emit(node: Node) -> list[Figure]:
    """Every way of a producer, into quorum queue and archive, each event confirmed."""
    with virtual_host(node) as url:
        House(url).declare()
        figures = _synchronous(url)
        figures += asyncio.run(_asynchronous(url))
        figures += _relayed(url)
    rates = {figure.figure: figure.value for figure in figures}
    ratio = rates["emit_many: events"] / rates["emit: events"]
    return [*figures, Figure("emit_many / emit", ratio, "x")]


def _events(count: int) -> list[Event]:
    data = {"order": 17, "text": "x" * (SIZE - 24)}
    return [Event(type="order.paid", data=data) for _ in range(count)]


def _synchronous(url: str) -> list[Figure]:
    single, many = Watch("emit", SINGLES), Watch("emit_many", MANY)
    with Producer(url) as producer:
        producer.emit("warm.up")
        given = _events(SINGLES)
        with single.running():
            for event in given:
                producer.emit(event)
        given = _events(MANY)
        with many.running():
            assert producer.emit_many(given) == MANY
    return single.figures + many.figures


async def _asynchronous(url: str) -> list[Figure]:
    single, many = Watch(f"async emit, {TASKS} tasks", MANY), Watch("async emit_many", MANY)
    async with AsyncProducer(url) as producer:
        await producer.emit("warm.up")
        given = iter(_events(MANY))

        async def work() -> None:
            for event in given:
                await producer.emit(event)

        with single.running():
            await asyncio.gather(*(work() for _ in range(TASKS)))
        events = _events(MANY)
        with many.running():
            assert await producer.emit_many(events) == MANY
    return single.figures + many.figures


def _relayed(url: str) -> list[Figure]:
    """Events of committed transactions in PostgreSQL, by one relay."""
    with postgres() as server:
        return _relay(server.url.replace("postgresql://", "postgresql+psycopg://"), url)


def _relay(database_url: str, broker_url: str) -> list[Figure]:
    watch, metadata = Watch("relay", MANY), sa.MetaData()
    outbox = Outbox(metadata)
    engine = sa.create_engine(database_url)
    metadata.create_all(engine)
    with engine.begin() as connection:
        for start in range(0, MANY, 1000):
            connection.execute(outbox.insert(*_events(min(1000, MANY - start))))
    with Producer(broker_url) as producer:
        relay = Relay(OutboxStore(engine, outbox), producer)
        with watch.running():
            while relay.relay():
                pass
    assert relay.sent == MANY
    engine.dispose()
    return watch.figures
