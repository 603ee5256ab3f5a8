"""The tables of the registry, as the newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy import false as sa_false

from durian.registry.attempt import RESULTS
from durian.registry.counts import BUCKETS_MS

#: Names of constraints, so that migrations can refer to them on every database.
metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

#: Text that is compared byte by byte, so that pages follow one another alike on both databases.
Key = String().with_variant(String(collation="C"), "postgresql")

#: SQLite counts row ids by itself only for INTEGER.
Serial = BigInteger().with_variant(Integer, "sqlite")

#: One row: the version counter. Whoever writes holds its lock until the commit.
state = Table(
    "durian_state",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="one_row"), primary_key=True),
    Column("version", BigInteger, nullable=False),
    # The newest version whose tombstones were pruned.
    Column("pruned", BigInteger, nullable=False),
    # Random, made with the schema.
    Column("identity", Text, nullable=False, server_default=""),
)

listeners = Table(
    "durian_listeners",
    metadata,
    Column("id", Key, primary_key=True),
    Column("url", Text, nullable=False),
    Column("event", Key, nullable=False, index=True),
    Column("filter", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("policy", Text, nullable=False),
    Column("queue_type", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    # The version that last changed the row, or its secrets.
    Column("version", BigInteger, nullable=False, index=True),
    Column("owner", Key),
    Column("paused", Boolean, nullable=False, server_default=sa_false()),
    # Id, URL and description in small letters, one below the other.
    Column("search", Text, nullable=False, server_default=""),
    Index("ix_durian_listeners_owner", "owner", "id"),
)

secrets = Table(
    "durian_secrets",
    metadata,
    Column("id", Serial, primary_key=True),
    Column(
        "listener_id",
        Key,
        ForeignKey("durian_listeners.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("kind", Text, nullable=False),
    # Sealed by the vault.
    Column("value", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
)

hooks = Table(
    "durian_hooks",
    metadata,
    Column("name", Key, primary_key=True),
    Column("schema", Text),
    Column("description", Text, nullable=False),
    Column("example", Text),
    Column("version", BigInteger, nullable=False, index=True),
)

#: Other systems whose webhooks come in. Followers do not read it, so it has no versions.
sources = Table(
    "durian_sources",
    metadata,
    Column("id", Key, primary_key=True),
    Column("scheme", Key, nullable=False),
    Column("event", Text, nullable=False),
    Column("description", Text, nullable=False),
    # A JSON array of secrets with their ends, sealed by the vault.
    Column("secrets", Text, nullable=False),
    Column("created_at", Double, nullable=False),
)

#: Tombstones: what followers have to forget.
removed = Table(
    "durian_removed",
    metadata,
    Column("kind", Key, primary_key=True),
    Column("id", Key, primary_key=True),
    Column("removed_at", Double, nullable=False),
    Column("version", BigInteger, nullable=False, index=True),
)

#: The attempt log. Followers do not read it, so it has no versions.
attempts = Table(
    "durian_attempts",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("webhook_id", Key, nullable=False),
    Column("listener_id", Key, nullable=False),
    Column("event_id", Key, nullable=False),
    Column("event_type", Key, nullable=False),
    Column("event_source", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("latency_ms", BigInteger, nullable=False),
    Column("result", Key, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Integer),
    Column("error", Text, nullable=False),
    Column("public_error", Text, nullable=False),
    Column("next_at_ms", BigInteger),
    Column("reason", Text, nullable=False),
    Column("response_head", Text, nullable=False),
    Column("response_body", Text, nullable=False),
    # Whose listener it was when it was recorded.
    Column("owner", Key),
    # What the request's webhook-id was, if that is not the delivery's own.
    Column("batch_id", Key),
    # In the order in which a delivery's attempts are read.
    UniqueConstraint("webhook_id", "at_ms", "number", name="uq_durian_attempts_webhook_id"),
    # One for each question, in the order of its answer.
    Index("ix_durian_attempts_at_ms", "at_ms", "id"),
    Index("ix_durian_attempts_listener_id", "listener_id", "at_ms", "id"),
    Index("ix_durian_attempts_event_id", "event_id", "listener_id", "at_ms"),
    Index("ix_durian_attempts_event_type", "event_type", "at_ms", "id"),
    Index("ix_durian_attempts_result", "result", "at_ms", "id"),
    Index("ix_durian_attempts_status", "status", "at_ms", "id"),
    # Most deployments have no owners: then this holds nothing.
    Index(
        "ix_durian_attempts_owner",
        "owner",
        "at_ms",
        "id",
        postgresql_where=text("owner IS NOT NULL"),
        sqlite_where=text("owner IS NOT NULL"),
    ),
    # Nor do most listeners take batches.
    Index(
        "ix_durian_attempts_batch_id",
        "batch_id",
        "at_ms",
        "id",
        postgresql_where=text("batch_id IS NOT NULL"),
        sqlite_where=text("batch_id IS NOT NULL"),
    ),
)

#: What is counted of attempts: one column for each result, and one for each bucket of latencies.
COUNTED = (
    *RESULTS,
    *(f"latency_{bucket}" for bucket in range(len(BUCKETS_MS) + 1)),
)

#: Attempts counted per minute (of the epoch) and listener; under an empty id, all of them.
minutes = Table(
    "durian_minutes",
    metadata,
    Column("listener_id", Key, primary_key=True),
    Column("minute", BigInteger, primary_key=True, index=True),
    *(Column(name, Integer, nullable=False) for name in COUNTED),
)


def _listener_key() -> Column[str]:
    """The key of a table that holds one row for a listener at most, and goes with it."""
    return Column(
        "listener_id", Key, ForeignKey("durian_listeners.id", ondelete="CASCADE"), primary_key=True
    )


#: Breakers that are open.
breakers = Table(
    "durian_breakers",
    metadata,
    _listener_key(),
    Column("failing_since", Double, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("opened_at", Double, nullable=False),
    Column("next_probe_at", Double, nullable=False),
    Column("probes", Integer, nullable=False),
    Column("holder", Text, nullable=False),
)

#: The first deliveries of ordered listeners.
heads = Table(
    "durian_heads",
    metadata,
    _listener_key(),
    Column("webhook_id", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first_at_ms", BigInteger, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("error", Text, nullable=False),
)

#: When listeners with a rate may be called next.
paces = Table("durian_paces", metadata, _listener_key(), Column("next_at", Double, nullable=False))

#: Replays of the archive: what was asked for, and how far each has come.
replays = Table(
    "durian_replays",
    metadata,
    Column("id", Key, primary_key=True),
    Column(
        "listener_id",
        Key,
        ForeignKey("durian_listeners.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("since", Double),
    Column("until", Double),
    Column("rate_per_s", Double),
    Column("state", Key, nullable=False),
    Column("next_offset", BigInteger),
    Column("end_offset", BigInteger),
    Column("seen", BigInteger, nullable=False),
    Column("sent", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("holder", Text, nullable=False),
    Column("leased_until", Double, nullable=False),
    Index("ix_durian_replays_listener_id", "listener_id", "started_at"),
    Index("ix_durian_replays_started_at", "started_at"),
)

#: API tokens. Of a token itself there is only a digest.
tokens = Table(
    "durian_tokens",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False),
    # Separated by spaces.
    Column("scopes", Text, nullable=False),
    Column("owner", Key),
    Column("rate_per_s", Double),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("last_used_at", Double),
)

#: People who log in by a password, of which there is only a hash.
users = Table(
    "durian_users",
    metadata,
    Column("name", Key, primary_key=True),
    # Separated by spaces.
    Column("scopes", Text, nullable=False),
    Column("owner", Key),
    Column("password", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("password_at", Double, nullable=False),
)

#: Who is logged in. Of what names a session in a browser there is only a digest.
sessions = Table(
    "durian_sessions",
    metadata,
    Column("digest", Key, primary_key=True),
    Column("user_name", Key, ForeignKey("durian_users.name", ondelete="CASCADE"), index=True),
    Column("token_id", Key, ForeignKey("durian_tokens.id", ondelete="CASCADE"), index=True),
    # A digest of a machine's own token.
    Column("local", Text),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
)

#: The audit log. The database refuses to change it or to take anything out.
audit = Table(
    "durian_audit",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at", Double, nullable=False),
    Column("actor", Key, nullable=False),
    Column("owner", Key),
    Column("action", Key, nullable=False),
    Column("target", Key, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Index("ix_durian_audit_target", "target", "id"),
    Index("ix_durian_audit_owner", "owner", "id"),
)

#: Answers under idempotency keys, sealed by the vault.
answers = Table(
    "durian_answers",
    metadata,
    Column("caller", Key, primary_key=True),
    Column("key", Key, primary_key=True),
    # A digest of what was asked.
    Column("request", Text, nullable=False),
    # Nothing while it is under way.
    Column("sealed", Text),
    Column("until", Double, nullable=False, index=True),
)

#: What was asked for by HTTP and takes long.
jobs = Table(
    "durian_jobs",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", Key, nullable=False),
    Column("target", Key, nullable=False),
    Column("owner", Key),
    Column("actor", Text, nullable=False),
    Column("arguments", Text, nullable=False),
    Column("state", Key, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("result", Text),
    Column("failure", Text),
    # Whether somebody asked that it be stopped.
    Column("stop", Boolean, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("holder", Text, nullable=False),
    Column("leased_until", Double, nullable=False),
    Index("ix_durian_jobs_started_at", "started_at", "id"),
    Index("ix_durian_jobs_owner", "owner", "started_at", "id"),
    Index("ix_durian_jobs_target", "target", "started_at", "id"),
)
