"""The audit log, for the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from durian.console.moments import moment
from durian.registry.audit import AuditEntry

if TYPE_CHECKING:
    from durian.registry.store import Store

#: Of a table of changes.
COLUMNS = ("when", "who", "what", "to", "before", "after")

#: Characters of what differs that a table shows.
_SHOWN = 60

#: Entries read at once.
_PAGE = 500


def pages(store: Store, target: str | None, limit: int) -> Iterator[AuditEntry]:
    """The newest entries, of one target or all."""
    after: int | None = None
    while limit > 0:
        page = store.list_audit(target=target, after=after, limit=min(limit, _PAGE))
        yield from page.entries
        if page.next is None:
            return
        after = page.next
        limit -= len(page.entries)


def described(entry: AuditEntry) -> Mapping[str, object]:
    """An entry as one JSON object."""
    return asdict(entry)


def row(entry: AuditEntry) -> Sequence[str]:
    """An entry as a row of COLUMNS."""
    return (
        moment(round(entry.at * 1000)),
        entry.actor,
        entry.action,
        entry.target,
        _short(entry.before),
        _short(entry.after),
    )


def _short(facts: Mapping[str, object] | None) -> str:
    """The fields that differ; all of something that came or went would not fit a line."""
    if facts is None:
        return ""
    text = json.dumps(facts)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
