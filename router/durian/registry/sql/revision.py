"""Bring a database's schema up to date, and refuse one that is not."""

from __future__ import annotations

import threading
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from durian.errors import RegistryOutdated
from durian.registry.sql.database import Database, prepare_file

#: The table in which Alembic keeps the revision.
VERSION_TABLE = "durian_schema"

#: Where the migrations lie: in this package, so that every installation has them.
MIGRATIONS = Path(__file__).parent.parent / "migrations"

#: Any number, as long as nobody else locks it: PostgreSQL's advisory lock of upgrades ("durian").
_ADVISORY_LOCK = 0x64757269616E

#: Alembic works through module globals, so only one thread may run it at a time.
_alembic = threading.Lock()


def upgrade(database: Database) -> None:
    """Run the migrations that are missing, all or none; harmless when none is.

    Several processes may do so at once: one works, the others wait and find it done.

    Raises:
        RegistryOutdated: when the schema is newer than this version of Durian.
        RegistryUnavailable: when the database is away or stays locked.
    """
    if database.is_sqlite:
        prepare_file(database)
    with _alembic, database.locked() as connection:
        if not database.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
        _refuse_newer(revision_of(connection))
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check(database: Database) -> None:
    """Make sure that the schema is the one this code needs; SQLite is upgraded on the way.

    Raises:
        RegistryOutdated: when it is older (on PostgreSQL), missing, or newer.
    """
    if database.is_sqlite:
        prepare_file(database)
    with database.reading() as connection:
        revision = revision_of(connection)
    if revision == head():
        return
    _refuse_newer(revision)
    if not database.is_sqlite:
        state = f"is at schema {revision}" if revision else "is empty"
        raise RegistryOutdated(f"The registry {state}; this version of Durian needs {head()}.")
    upgrade(database)


def revision_of(connection: Connection) -> str | None:
    """Return the revision a database is at, None when it is empty."""
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision()


def head() -> str:
    """Return the revision this code needs."""
    return _scripts().get_current_head() or ""


def alembic_config() -> Config:
    """Return Alembic's configuration, which knows where the migrations lie."""
    config = Config()
    # Alembic expands percent signs as a configuration file would.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _refuse_newer(revision: str | None) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if revision is not None and revision not in known:
        message = f"The registry is at schema {revision}, which is newer than this Durian knows."
        raise RegistryOutdated(message, hint="Install the version of Durian that upgraded it.")


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())
