"""The sections of the pages, as the bar on top names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # a visit makes pages, which have sections
    from durian.console.pages.visit import Visit

#: Their paths, and what they are called: for those who see all, and for those bound to an owner.
_ALL: Final = (
    ("", "Overview"),
    ("listeners", "Listeners"),
    ("events", "Events"),
    ("hooks", "Event types"),
    ("queues", "Queues"),
    ("jobs", "Jobs"),
    ("settings", "Settings"),
)
_OWNED: Final = (("listeners", "Listeners"), ("hooks", "Event types"), ("jobs", "Jobs"))


def sections(visit: Visit) -> tuple[tuple[str, str], ...]:
    """Return the sections that somebody has."""
    return _ALL if visit.owner is None else _OWNED
