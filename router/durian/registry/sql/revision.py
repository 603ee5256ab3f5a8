"""Bring a database's schema up to date, and refuse one that is not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from durian.errors import RegistryMissing, RegistryOutdated
from durian.registry.sql.database import Database, file_of, prepare_file

#: The table in which Alembic keeps the revision.
VERSION_TABLE = "durian_schema"

#: Where the migrations lie: in this package, so that every installation has them.
MIGRATIONS = Path(__file__).parent.parent / "migrations"

#: Any number, as long as nobody else locks it: PostgreSQL's advisory lock of upgrades ("durian").
_ADVISORY_LOCK = 0x64757269616E


def upgrade(database: Database) -> None:
    """Run the migrations that are missing, all or none; harmless when none is.

    Several processes may do so at once: one works, the others wait and find it done.

    Raises:
        RegistryOutdated: when the schema is newer than this version of Durian.
        RegistryUnavailable: when the database is away or stays locked.
    """
    # Alembic takes longer to import than most commands take to run.
    from durian.registry.sql.migrating import migrate  # noqa: PLC0415 - only here it is needed

    if database.is_sqlite:
        prepare_file(database)
    with database.locked() as connection:
        if not database.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
        _refuse_newer(revision_of(connection))
        migrate(connection, MIGRATIONS)


def check(database: Database, *, create: bool = True) -> None:
    """Make sure that the schema is the one this code needs; SQLite is upgraded on the way.

    Raises:
        RegistryMissing: when there is no SQLite file, or nothing of ours in it, and none is to be
            made.
        RegistryOutdated: when the schema is older (on PostgreSQL), missing there, or newer.
    """
    if database.is_sqlite:
        if not create and not file_of(database).is_file():
            raise RegistryMissing(f"There is no registry at {file_of(database)}.")
        prepare_file(database)
    with database.reading() as connection:
        revision = revision_of(connection)
    if revision == head():
        return
    _refuse_newer(revision)
    if not database.is_sqlite:
        state = f"is at schema {revision}" if revision else "is empty"
        raise RegistryOutdated(f"The registry {state}; this version of Durian needs {head()}.")
    if not create and revision is None:
        raise RegistryMissing(f"The database {file_of(database)} is no registry.")
    upgrade(database)


def revision_of(connection: Connection) -> str | None:
    """Return the revision a database is at, None when it is empty."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    number: str | None = connection.execute(
        sa.select(sa.column("version_num")).select_from(sa.table(VERSION_TABLE))
    ).scalar_one_or_none()
    return number


def head() -> str:
    """Return the revision this code needs."""
    return _known()[-1]


def _known() -> Sequence[str]:
    """The revisions this code knows, in order: the number that a migration's file begins with."""
    files = (MIGRATIONS / "versions").glob("[0-9]*_*.py")
    return sorted(file.name.partition("_")[0] for file in files)


def _refuse_newer(revision: str | None) -> None:
    if revision is not None and revision not in _known():
        message = f"The registry is at schema {revision}, which is newer than this Durian knows."
        raise RegistryOutdated(message, hint="Install the version of Durian that upgraded it.")
