"""Other systems whose webhooks come in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "durian_sources",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("scheme", _KEY, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("secrets", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_durian_sources")),
    )
