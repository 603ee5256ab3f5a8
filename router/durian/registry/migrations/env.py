"""Run by Alembic: migrate over the connection that `durian.registry.sql.revision` hands in."""

from __future__ import annotations

from alembic import context

from durian.registry.sql.revision import VERSION_TABLE
from durian.registry.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    # SQLite cannot alter most of a table in place: Alembic copies it.
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
