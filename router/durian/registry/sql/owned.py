"""The condition that rows belong to an owner's listeners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from durian.registry.sql.tables import listeners


def is_of(owner: str | None) -> Sequence[sa.ColumnElement[bool]]:
    """The condition that a listener is an owner's; none when all may be seen."""
    return () if owner is None else (listeners.c.owner == owner,)


def belongs_to(column: sa.Column[Any], owner: str | None) -> Sequence[sa.ColumnElement[bool]]:
    """The condition that a column names an owner's listener; none when all may be seen."""
    if owner is None:
        return ()
    return (column.in_(sa.select(listeners.c.id).where(*is_of(owner))),)
