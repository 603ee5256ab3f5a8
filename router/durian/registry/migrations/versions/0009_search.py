"""What a search of listeners looks through: their ids, URLs and descriptions as one small text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_listeners = sa.table(
    "durian_listeners",
    *(sa.column(name, sa.Text) for name in ("id", "url", "description", "search")),
)


def upgrade() -> None:
    """Add it, and fill it here: SQLite makes only the letters of English small."""
    op.add_column(
        "durian_listeners", sa.Column("search", sa.Text, nullable=False, server_default="")
    )
    connection = op.get_bind()
    told = sa.select(_listeners.c.id, _listeners.c.url, _listeners.c.description)
    rows = [
        {"of": row.id, "text": f"{row.id}\n{row.url}\n{row.description}".lower()}
        for row in connection.execute(told)
    ]
    if rows:
        fill = sa.update(_listeners).where(_listeners.c.id == sa.bindparam("of"))
        connection.execute(fill.values(search=sa.bindparam("text")), rows)
