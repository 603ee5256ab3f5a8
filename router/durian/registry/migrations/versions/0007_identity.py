"""The registry's identity: what was made of one registry is not to be taken for another's."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it."""
    identity = sa.Column("identity", sa.Text, nullable=False, server_default="")
    op.add_column("durian_state", identity)
    state = sa.table("durian_state", sa.column("identity", sa.Text))
    op.execute(state.update().values(identity=uuid.uuid4().hex))
