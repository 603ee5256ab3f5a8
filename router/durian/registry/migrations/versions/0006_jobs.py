"""Jobs: what was asked for by HTTP and takes long."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "durian_jobs",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("kind", _KEY, nullable=False),
        sa.Column("target", _KEY, nullable=False),
        sa.Column("owner", _KEY),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("arguments", sa.Text, nullable=False),
        sa.Column("state", _KEY, nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("result", sa.Text),
        sa.Column("failure", sa.Text),
        sa.Column("stop", sa.Boolean, nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("leased_until", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_durian_jobs")),
    )
    op.create_index("ix_durian_jobs_started_at", "durian_jobs", ["started_at", "id"])
    op.create_index("ix_durian_jobs_owner", "durian_jobs", ["owner", "started_at", "id"])
    op.create_index("ix_durian_jobs_target", "durian_jobs", ["target", "started_at", "id"])
