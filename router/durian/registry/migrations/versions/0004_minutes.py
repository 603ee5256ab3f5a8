"""Attempts counted per minute and listener; whose listener an attempt was made at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")

#: Columns of results, and the number of those of latencies.
_RESULTS = ("delivered", "retry", "dead", "disabled")
_LATENCIES = 16


def upgrade() -> None:
    """Add them. Attempts that were recorded before are not counted."""
    latencies = (f"latency_{bucket}" for bucket in range(_LATENCIES))
    op.create_table(
        "durian_minutes",
        sa.Column("listener_id", _KEY, nullable=False),
        sa.Column("minute", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in (*_RESULTS, *latencies)),
        sa.PrimaryKeyConstraint("listener_id", "minute", name=op.f("pk_durian_minutes")),
    )
    op.create_index("ix_durian_minutes_minute", "durian_minutes", ["minute"])
    op.add_column("durian_attempts", sa.Column("owner", _KEY))
    op.create_index(
        "ix_durian_attempts_owner",
        "durian_attempts",
        ["owner", "at_ms", "id"],
        postgresql_where=sa.text("owner IS NOT NULL"),
        sqlite_where=sa.text("owner IS NOT NULL"),
    )
