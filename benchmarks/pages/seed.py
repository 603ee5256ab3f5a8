"""A registry with as many listeners and attempts as somebody may have, written in bulk."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from durian.broker.blocking import publish_all
from durian.broker.port import Address
from durian.consumers.delivery import webhook_id_of
from durian.events import Event, amqp
from durian.registry import HookSpec, Listener, ListenerSecret
from durian.registry.attempt import RESULTS, Attempt
from durian.registry.counts import BUCKETS_MS
from durian.registry.sql import minutes
from durian.registry.sql.database import Database
from durian.registry.sql.tables import COUNTED
from durian.registry.sql.tables import attempts as table
from durian.registry.sql.tables import minutes as counts
from durian.registry.token import Token, new_token_id, new_token_text
from tests.support.api import Api

#: What is random is drawn from it, so that figures are to be had again.
SEED = 1

#: Rows that are written at once.
CHUNK = 20_000

#: Seconds over which attempts are spread: the longest that pages tell of.
SPREAD_S = 7 * 86_400

#: Listeners that each event goes to.
FAN_OUT = 10

#: Events in the archive, of either: it lies in the broker, and not in the registry.
EVENTS = 10_000


def seed(api: Api, url: str, listeners: int, attempts: int) -> str:
    """Fill a registry at a URL, and an archive; return the text of a token that may everything."""
    schema = {"properties": {"name": {"type": "string"}, "group": {"type": "integer"}}}
    api.store.put_hook(HookSpec(name="person", schema=schema, example={"name": "Joe"}))
    secret = ListenerSecret.new(now=time.time())
    api.store.add_listeners((_listener(number), secret) for number in range(listeners))
    _fill(url, _attempts(listeners, attempts))
    to = Address(api.names.events, "person")
    events = [_event(number, listeners) for number in range(EVENTS)]
    publish_all(api.broker, [(amqp.encode(event), to) for event in events])
    token = Token(
        id=new_token_id(), name="bench", scopes=frozenset({"admin"}), created_at=time.time()
    )
    text = new_token_text(token.id)
    api.store.add_token(token, text)
    return text


def name_of(number: int) -> str:
    """The id of a listener."""
    return f"listener-{number}"


def _fill(url: str, made: Iterator[Attempt]) -> None:
    """Write attempts and count them as a recorder does, but all at once."""
    database = Database(url)
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        while chunk := list(islice(made, CHUNK)):
            _load(connection, chunk)
        for counted in (table.c.listener_id, sa.literal(minutes.ALL)):
            _count(connection, counted)
    if not database.is_sqlite:  # where autovacuum would do it within a minute
        with database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(sa.text("VACUUM ANALYZE"))
    database.close()


def _load(connection: Connection, chunk: list[Attempt]) -> None:
    rows: list[dict[str, Any]] = [asdict(one) for one in chunk]
    if connection.dialect.name == "sqlite":
        connection.execute(sa.insert(table), rows)
        return
    copy = f"COPY {table.name} ({', '.join(rows[0])}) FROM STDIN"
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(copy) as into:
        for row in rows:
            into.write_row(tuple(row.values()))


def _count(connection: Connection, listener_id: sa.ColumnElement[str]) -> None:
    """Count the attempts of each minute, as `durian.registry.sql.minutes` would have."""
    minute = table.c.at_ms // 60_000
    latencies = zip((-1, *BUCKETS_MS), (*BUCKETS_MS, 2**31), strict=True)
    counted = [
        *(table.c.result == result for result in RESULTS),
        *(table.c.latency_ms.between(low + 1, high) for low, high in latencies),
    ]
    sums = (sa.func.sum(sa.case((condition, 1), else_=0)) for condition in counted)
    query = sa.select(listener_id, minute, *sums).group_by(listener_id, minute)
    columns = ("listener_id", "minute", *COUNTED)
    connection.execute(sa.insert(counts).from_select(columns, query))


def _listener(number: int) -> Listener:
    return Listener.create(
        id=name_of(number),
        event="person",
        filter=f'{{"name": {{"startswith": "J"}}, "group": {number // FAN_OUT}}}',
        url=f"https://host-{number}.example/hook",
        description=f"number {number}",
    )


def _event(number: int, listeners: int) -> Event:
    data = {"name": f"Joe {number}", "group": number % (listeners // FAN_OUT)}
    return Event(id=f"e-{number}", type="person", source="/bench", data=data)


def _attempts(listeners: int, attempts: int) -> Iterator[Attempt]:
    rng = random.Random(SEED)  # noqa: S311  # figures are to be the same again
    now_ms = round(time.time() * 1000)
    for number in range(attempts):
        listener_id = name_of(number % listeners)
        event_id = f"e-{number // FAN_OUT}"
        fails = rng.random() < 0.05  # one in twenty
        yield Attempt(
            webhook_id=webhook_id_of("/bench", event_id, listener_id),
            listener_id=listener_id,
            event_id=event_id,
            event_type="person",
            event_source="/bench",
            number=1,
            at_ms=now_ms - round(SPREAD_S * 1000 * (attempts - number) / attempts),
            latency_ms=rng.randrange(5, 500),
            result="retry" if fails else "delivered",
            kind="response",
            status=500 if fails else 200,
            response_head="content-type: text/plain",
            response_body="thanks",
        )
