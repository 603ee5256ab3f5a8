"""The part of the registry's store that holds the audit log."""

from __future__ import annotations

from typing import Any

from durian.registry.audit import AuditPage
from durian.registry.part import Part
from durian.registry.sql import audit


class AuditStore(Part):
    """The audit log; its methods keep the rules of `durian.registry.store.Store`.

    Changes of the registry write to it by themselves, in their own transaction.
    """

    def note(self, action: str, target: str, **facts: Any) -> None:
        """Write what was done to something that is not in the registry, such as dead letters."""
        with self._database.locked() as connection:
            self._note(connection, action, target, owner=self._owner, **facts)

    def list_audit(
        self, *, target: str | None = None, after: int | None = None, limit: int = 100
    ) -> AuditPage:
        """Return the next entries, newest first, of one target or all; `after` is a page's next."""
        with self._database.reading() as connection:
            return audit.page(connection, self._owner, target=target, after=after, limit=limit)
