"""Connections and transactions: the only place that knows how the two databases differ."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.pool import PoolProxiedConnection
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from durian.errors import RegistryUnavailable
from durian.registry.sql import tables
from durian.registry.sql.address import read_url
from durian.registry.sql.faults import translated

#: Seconds to wait for a connection: a caller should learn soon that the database is away.
CONNECT_TIMEOUT_S = 4

#: Seconds to wait for another writer, on either database.
LOCK_TIMEOUT_S = 10

#: Seconds one statement may take on PostgreSQL. Big reads come in chunks, so none is long.
STATEMENT_TIMEOUT_S = 30

#: Milliseconds after which unacknowledged bytes mean that the PostgreSQL host is gone.
_TCP_TIMEOUT_MS = 15_000

#: Connections kept open; more are opened at need, up to as many again.
_POOL_SIZE = 5


@dataclass(frozen=True, slots=True)
class Write:
    """A transaction that changes the registry, and the version it makes."""

    connection: Connection
    version: int


class Database:
    """A pool of connections to one database; safe to share by threads."""

    def __init__(self, url: str) -> None:
        """Prepare it; nothing is opened yet. Raises `InvalidSettings` for a bad URL."""
        self.url = read_url(url)
        self.engine = _sqlite(self.url) if self.is_sqlite else _postgres(self.url)

    @property
    def is_sqlite(self) -> bool:
        """True on SQLite, which is upgraded by whoever opens it."""
        return self.url.get_backend_name() == "sqlite"

    def close(self) -> None:
        """Close the connections that are not in use."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees one moment of the registry."""
        with translated(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                yield connection

    @contextmanager
    def locked(self) -> Iterator[Connection]:
        """Open a transaction that writes, on SQLite as the only one from its start."""
        with translated(), self.engine.connect() as connection:
            # Taking the lock later would fail at once when another writer came between.
            connection.execution_options(durian_begin="BEGIN IMMEDIATE")
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Write]:
        """Open a transaction that changes the registry under a new version.

        The counter's row stays locked until the commit: versions become visible in their order,
        and whoever reads version n sees everything that n and its forerunners changed.
        """
        with self.locked() as connection:
            bump = sa.update(tables.state).values(version=tables.state.c.version + 1)
            connection.execute(bump)
            version = connection.execute(sa.select(tables.state.c.version)).scalar_one()
            yield Write(connection, version)

    @contextmanager
    def still(self) -> Iterator[Connection]:
        """Open a transaction during which nobody changes the registry."""
        with self.locked() as connection:
            connection.execute(sa.select(tables.state.c.version).with_for_update())
            yield connection


def _sqlite(url: URL) -> Engine:
    engine = sa.create_engine(url, pool_size=_POOL_SIZE, max_overflow=_POOL_SIZE)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(driver: Any, _record: object) -> None:
    # Python's driver would begin transactions on its own, and only at the first write.
    driver.isolation_level = None
    for pragma in (f"busy_timeout = {LOCK_TIMEOUT_S * 1000}", "foreign_keys = ON"):
        driver.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    connection.exec_driver_sql(options.get("durian_begin", "BEGIN"))


def _postgres(url: URL) -> Engine:
    limits = {"lock_timeout": LOCK_TIMEOUT_S, "statement_timeout": STATEMENT_TIMEOUT_S}
    arguments = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "tcp_user_timeout": _TCP_TIMEOUT_MS,
        "application_name": "durian",
        "options": " ".join(f"-c {name}={value}s" for name, value in limits.items()),
    }
    return sa.create_engine(
        url,
        connect_args={key: value for key, value in arguments.items() if key not in url.query},
        pool_size=_POOL_SIZE,
        max_overflow=_POOL_SIZE,
        pool_timeout=LOCK_TIMEOUT_S,
        # A restart of the server leaves dead connections behind: look before each use.
        pool_pre_ping=True,
    )


def file_of(database: Database) -> Path:
    """The file of a SQLite database."""
    return Path(database.url.database or "").absolute()


def prepare_file(database: Database) -> None:
    """Make a SQLite file and switch it to WAL, where readers and the writer do not wait.

    Raises:
        RegistryUnavailable: when the file or its folder cannot be made or opened.
    """
    try:
        file_of(database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as exc:
        raise RegistryUnavailable(f"The registry's folder cannot be made: {exc}.") from exc
    with translated(), closing(database.engine.raw_connection()) as raw:
        _switch_to_wal(raw)


@retry(
    # SQLite does not wait for others here, whatever its busy timeout.
    retry=retry_if_exception_type(sqlite3.OperationalError),
    wait=wait_fixed(0.02),
    stop=stop_after_delay(LOCK_TIMEOUT_S),
    reraise=True,
)
def _switch_to_wal(raw: PoolProxiedConnection) -> None:
    with closing(raw.cursor()) as cursor:
        cursor.execute("PRAGMA journal_mode = WAL")
