"""API tokens, the audit log, answers under idempotency keys; listeners' owners and pauses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")

#: What may become of an entry of the audit log: nothing.
_REFUSE_SQLITE = """
CREATE TRIGGER durian_audit_refuse_{event} BEFORE {event} ON durian_audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END
"""
_REFUSE_POSTGRES = (
    """
    CREATE FUNCTION durian_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the audit log is only ever added to'; END $$
    """,
    """
    CREATE TRIGGER durian_audit_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON durian_audit
    FOR EACH STATEMENT EXECUTE FUNCTION durian_audit_refuse()
    """,
)


def upgrade() -> None:
    """Add them."""
    _extend_listeners()
    _create_tokens()
    _create_audit()
    _create_answers()


def _extend_listeners() -> None:
    op.add_column("durian_listeners", sa.Column("owner", _KEY))
    paused = sa.Column("paused", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("durian_listeners", paused)
    op.create_index("ix_durian_listeners_owner", "durian_listeners", ["owner", "id"])


def _create_tokens() -> None:
    op.create_table(
        "durian_tokens",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("owner", _KEY),
        sa.Column("rate_per_s", sa.Double),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double),
        sa.Column("last_used_at", sa.Double),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_durian_tokens")),
    )


def _create_audit() -> None:
    op.create_table(
        "durian_audit",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("actor", _KEY, nullable=False),
        sa.Column("owner", _KEY),
        sa.Column("action", _KEY, nullable=False),
        sa.Column("target", _KEY, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_durian_audit")),
    )
    op.create_index("ix_durian_audit_target", "durian_audit", ["target", "id"])
    op.create_index("ix_durian_audit_owner", "durian_audit", ["owner", "id"])
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(_REFUSE_SQLITE.format(event=event))
    else:
        for statement in _REFUSE_POSTGRES:
            op.execute(statement)


def _create_answers() -> None:
    op.create_table(
        "durian_answers",
        sa.Column("caller", _KEY, nullable=False),
        sa.Column("key", _KEY, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("sealed", sa.Text),
        sa.Column("until", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_durian_answers")),
    )
    op.create_index("ix_durian_answers_until", "durian_answers", ["until"])
