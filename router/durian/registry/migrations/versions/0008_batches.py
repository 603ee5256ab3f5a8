"""In which batch an attempt was made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Add it."""
    op.add_column("durian_attempts", sa.Column("batch_id", _KEY))
    op.create_index(
        "ix_durian_attempts_batch_id",
        "durian_attempts",
        ["batch_id", "at_ms", "id"],
        postgresql_where=sa.text("batch_id IS NOT NULL"),
        sqlite_where=sa.text("batch_id IS NOT NULL"),
    )
