"""Opening an outbox by its URL, for a relay that is a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from durian.errors import InvalidSettings
from durian.producers.sqlalchemy.outbox import TABLE, Outbox
from durian.producers.sqlalchemy.store import OutboxStore

#: The setting that holds the URL, as error messages name it.
SETTING = "DURIAN_OUTBOX_URL"

_HINT = "Write it like postgresql://user:password@host/database."

#: Spellings that name no driver: psycopg 3 comes with Durian.
_POSTGRES = frozenset({"postgresql", "postgres"})


@contextmanager
def open_store(url: str, table: str = TABLE) -> Iterator[OutboxStore]:
    """Open the outbox of a database for the length of the block.

    Args:
        url: As SQLAlchemy writes it; a driver may be named, and has to be installed.
        table: The outbox's table, after a dot when it lies in a schema.

    Raises:
        InvalidSettings: the URL cannot be used; the message never shows it (it holds a password).
    """
    schema, _, name = table.rpartition(".")
    outbox = Outbox(sa.MetaData(), name, schema=schema or None)
    engine = _engine(url)
    try:
        yield OutboxStore(engine, outbox)
    finally:
        engine.dispose()


def _engine(text: str) -> sa.Engine:
    try:
        url = sa.make_url(text)
        if url.drivername in _POSTGRES:
            url = url.set(drivername="postgresql+psycopg")
        # A connection that the database has closed while nothing waited is replaced in silence.
        return sa.create_engine(url, pool_pre_ping=True)
    except (sa.exc.ArgumentError, ValueError) as exc:
        raise InvalidSettings(SETTING, "cannot be read as a URL", hint=_HINT) from exc
    except ImportError as exc:
        reason = f"needs the driver {exc.name}, which is not installed"
        raise InvalidSettings(SETTING, reason, hint=_HINT) from exc
