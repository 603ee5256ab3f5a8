"""Listeners, their secrets, hooks, tombstones, the version counter and the attempt log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the first tables."""
    _create_state()
    _create_listeners()
    _create_secrets()
    _create_hooks()
    _create_removed()
    _create_attempts()
    _create_breakers()
    _create_heads()
    _create_paces()
    _create_replays()


def _create_state() -> None:
    state = op.create_table(
        "durian_state",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("pruned", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_durian_state_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_durian_state")),
    )
    op.bulk_insert(state, [{"id": 1, "version": 0, "pruned": 0}])


def _create_listeners() -> None:
    op.create_table(
        "durian_listeners",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("event", _KEY, nullable=False),
        sa.Column("filter", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("queue_type", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_durian_listeners")),
    )
    op.create_index("ix_durian_listeners_event", "durian_listeners", ["event"])
    op.create_index("ix_durian_listeners_version", "durian_listeners", ["version"])


def _create_secrets() -> None:
    op.create_table(
        "durian_secrets",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("listener_id", _KEY, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_durian_secrets")),
        sa.ForeignKeyConstraint(
            ["listener_id"],
            ["durian_listeners.id"],
            name=op.f("fk_durian_secrets_listener_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_durian_secrets_listener_id", "durian_secrets", ["listener_id"])


def _create_hooks() -> None:
    op.create_table(
        "durian_hooks",
        sa.Column("name", _KEY, nullable=False),
        sa.Column("schema", sa.Text),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("example", sa.Text),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_durian_hooks")),
    )
    op.create_index("ix_durian_hooks_version", "durian_hooks", ["version"])


def _create_removed() -> None:
    op.create_table(
        "durian_removed",
        sa.Column("kind", _KEY, nullable=False),
        sa.Column("id", _KEY, nullable=False),
        sa.Column("removed_at", sa.Double, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("pk_durian_removed")),
    )
    op.create_index("ix_durian_removed_version", "durian_removed", ["version"])


def _create_attempts() -> None:
    op.create_table(
        "durian_attempts",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("webhook_id", _KEY, nullable=False),
        sa.Column("listener_id", _KEY, nullable=False),
        sa.Column("event_id", _KEY, nullable=False),
        sa.Column("event_type", _KEY, nullable=False),
        sa.Column("event_source", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("latency_ms", sa.BigInteger, nullable=False),
        sa.Column("result", _KEY, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("public_error", sa.Text, nullable=False),
        sa.Column("next_at_ms", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("response_head", sa.Text, nullable=False),
        sa.Column("response_body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_durian_attempts")),
        sa.UniqueConstraint(
            "webhook_id", "at_ms", "number", name=op.f("uq_durian_attempts_webhook_id")
        ),
    )
    op.create_index(
        "ix_durian_attempts_event_id", "durian_attempts", ["event_id", "listener_id", "at_ms"]
    )
    op.create_index("ix_durian_attempts_at_ms", "durian_attempts", ["at_ms", "id"])
    for column in ("listener_id", "event_type", "result", "status"):
        op.create_index(f"ix_durian_attempts_{column}", "durian_attempts", [column, "at_ms", "id"])


def _create_breakers() -> None:
    op.create_table(
        "durian_breakers",
        sa.Column("listener_id", _KEY, nullable=False),
        sa.Column("failing_since", sa.Double, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("opened_at", sa.Double, nullable=False),
        sa.Column("next_probe_at", sa.Double, nullable=False),
        sa.Column("probes", sa.Integer, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        *_of_one_listener("durian_breakers"),
    )


def _create_heads() -> None:
    op.create_table(
        "durian_heads",
        sa.Column("listener_id", _KEY, nullable=False),
        sa.Column("webhook_id", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("first_at_ms", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.Double, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        *_of_one_listener("durian_heads"),
    )


def _create_paces() -> None:
    op.create_table(
        "durian_paces",
        sa.Column("listener_id", _KEY, nullable=False),
        sa.Column("next_at", sa.Double, nullable=False),
        *_of_one_listener("durian_paces"),
    )


def _create_replays() -> None:
    op.create_table(
        "durian_replays",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("listener_id", _KEY, nullable=False),
        sa.Column("since", sa.Double),
        sa.Column("until", sa.Double),
        sa.Column("rate_per_s", sa.Double),
        sa.Column("state", _KEY, nullable=False),
        sa.Column("next_offset", sa.BigInteger),
        sa.Column("end_offset", sa.BigInteger),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sa.Column("sent", sa.BigInteger, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("leased_until", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_durian_replays")),
        sa.ForeignKeyConstraint(
            ["listener_id"],
            ["durian_listeners.id"],
            name=op.f("fk_durian_replays_listener_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_durian_replays_listener_id", "durian_replays", ["listener_id", "started_at"]
    )
    op.create_index("ix_durian_replays_started_at", "durian_replays", ["started_at"])


def _of_one_listener(table: str) -> tuple[sa.Constraint, ...]:
    """What makes a row belong to one listener: at most one, which goes with it."""
    return (
        sa.PrimaryKeyConstraint("listener_id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(
            ["listener_id"],
            ["durian_listeners.id"],
            name=op.f(f"fk_{table}_listener_id"),
            ondelete="CASCADE",
        ),
    )
