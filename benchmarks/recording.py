"""Deliveries whose attempts a database has: by Durian's three processes, and by Celery."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from statistics import median

import psycopg
from psycopg import sql

from benchmarks.celery_baseline import Baseline
from benchmarks.celery_baseline.__main__ import fastest
from benchmarks.celery_baseline.run import WARM_UP
from benchmarks.durian_run import Deployment, measure
from benchmarks.receiver import Receiver
from benchmarks.support import Figure, Speed, cpu_seconds, postgres, virtual_host
from durian.producers import Producer
from durian.registry.store import upgrade
from tests.support.postgres import Server
from tests.support.rabbitmq import Node

#: Who takes turns, and how many deliveries of theirs a round measures: some seconds' worth.
COUNTS = {"requests": 10_000, "curl": 20_000, "celery": 4_000}

#: Rounds in which all take turns; the median counts. A machine is not as fast at all times.
ROUNDS = 3

#: Listeners each event goes to.
FANOUT = 10

#: Durian's processes: who routes, who delivers, and who writes what became of it.
ROLES = ("router", "deliver", "record")

#: Seconds for all of it to be in the database, and between two looks there.
PATIENCE_S = 300.0
_LOOK_EVERY_S = 0.05


def recording(node: Node) -> list[Figure]:
    """From the first publish until what became of the last delivery is in PostgreSQL."""
    speeds: dict[str, list[Speed]] = {who: [] for who in COUNTS}
    with postgres() as server, Receiver() as receiver:
        with _fresh(node, server) as (url, database):
            celery = fastest(url, receiver, outcomes=_backend(database))
        for _ in range(ROUNDS):
            for who, found in speeds.items():
                with _fresh(node, server) as (url, database):
                    if who == "celery":
                        found.append(_celery(celery, url, database, receiver))
                    else:
                        found.append(_durian(who, url, database, receiver))
    per_s = {who: median(each.per_s for each in found) for who, found in speeds.items()}
    cpu_ms = {who: median(each.cpu_ms for each in found) for who, found in speeds.items()}
    figures = []
    for who in COUNTS:
        figures.append(Figure(f"{who}: deliveries, fan-out {FANOUT}", per_s[who], "1/s"))
        figures.append(Figure(f"{who}: CPU each, of all its processes", cpu_ms[who], "ms"))
    for who in ("requests", "curl"):
        figures.append(Figure(f"{who} / celery: deliveries", per_s[who] / per_s["celery"], "x"))
        figures.append(Figure(f"celery / {who}: CPU", cpu_ms["celery"] / cpu_ms[who], "x"))
    return figures


@contextmanager
def _fresh(node: Node, server: Server) -> Iterator[tuple[str, str]]:
    """Make a virtual host and a database that are gone afterwards; tell their URLs."""
    name = server.add_database()
    with virtual_host(node) as url:
        yield url, server.database_url(name)
    server.drop_database(name)


def _durian(sender: str, url: str, database: str, receiver: Receiver) -> Speed:
    upgrade(database)
    with Deployment(url, sender=sender, registry_url=database) as deployment:
        deployment.add_listeners([f"{receiver.url}/{number}" for number in range(FANOUT)])
        with deployment.running(*ROLES) as processes, Producer(url) as producer:

            def send(count: int) -> None:
                producer.emit_many(measure.events(count))

            send(WARM_UP // FANOUT)
            groups = [process.pid for process in processes]
            return _measured(send, COUNTS[sender], database, "durian_attempts", groups)


def _celery(baseline: Baseline, url: str, database: str, receiver: Receiver) -> Speed:
    kept = replace(baseline, outcomes=_backend(database))
    with kept.running(url, receiver) as sender:  # which warms it up
        assert sender.worker is not None
        send = partial(sender.send, fanout=FANOUT)
        return _measured(send, COUNTS["celery"], database, "celery_taskmeta", [sender.worker])


def _backend(database: str) -> str:
    """Name a database as Celery's result backends do."""
    return database.replace("postgresql://", "db+postgresql+psycopg://")


def _measured(
    send: Callable[[int], None], deliveries: int, database: str, table: str, groups: Sequence[int]
) -> Speed:
    """Send events, and wait until the table has a row for each delivery; it has `WARM_UP` first."""
    with psycopg.connect(database, autocommit=True) as connection:
        _wait(connection, table, WARM_UP)
        begin, used_s = time.monotonic(), sum(map(cpu_seconds, groups))
        send(deliveries // FANOUT)
        _wait(connection, table, WARM_UP + deliveries)
        took_s = time.monotonic() - begin
        used_s = sum(map(cpu_seconds, groups)) - used_s
    return Speed(per_s=deliveries / took_s, cpu_ms=used_s / deliveries * 1000)


def _wait(connection: psycopg.Connection, table: str, rows: int) -> None:
    deadline, pause = time.monotonic() + PATIENCE_S, threading.Event()
    while (found := _rows(connection, table)) < rows:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{found} of {rows} rows in {table} after {PATIENCE_S:g} s")
        pause.wait(_LOOK_EVERY_S)
    assert found == rows, f"{found} rows in {table}, not {rows}"


def _rows(connection: psycopg.Connection, table: str) -> int:
    """Count the rows of a table that may not have been made yet."""
    try:
        counted = connection.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        )
    except psycopg.errors.UndefinedTable:
        return 0
    row = counted.fetchone()
    return int(row[0]) if row else 0
