"""Users of the web pages, and their sessions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "durian_users",
        sa.Column("name", _KEY, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("owner", _KEY),
        sa.Column("password", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("password_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_durian_users")),
    )
    op.create_table(
        "durian_sessions",
        sa.Column("digest", _KEY, nullable=False),
        sa.Column("user_name", _KEY),
        sa.Column("token_id", _KEY),
        sa.Column("local", sa.Text),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_durian_sessions")),
        sa.ForeignKeyConstraint(
            ["user_name"],
            ["durian_users.name"],
            name=op.f("fk_durian_sessions_user_name"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["token_id"],
            ["durian_tokens.id"],
            name=op.f("fk_durian_sessions_token_id"),
            ondelete="CASCADE",
        ),
    )
    for column in ("user_name", "token_id", "expires_at"):
        op.create_index(f"ix_durian_sessions_{column}", "durian_sessions", [column])
