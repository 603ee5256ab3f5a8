"""Events of SQLAlchemy applications: they leave when a transaction is committed, or not at all.

`Outbox` writes them into a table of the same transaction, for a relay to publish: nothing is lost
when a process or the broker goes away. `OnCommit` publishes right after the commit, without a table
and without that safety.
"""

from __future__ import annotations

from durian.producers.outbox import Relay
from durian.producers.sqlalchemy.on_commit import OnCommit
from durian.producers.sqlalchemy.outbox import Outbox
from durian.producers.sqlalchemy.store import OutboxStore

__all__ = ["OnCommit", "Outbox", "OutboxStore", "Relay"]
