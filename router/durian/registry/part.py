"""What every part of the store stands on."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy.engine import Connection

from durian.errors import NotAllowed
from durian.registry.principal import DURIAN
from durian.registry.sql import audit
from durian.registry.sql.database import Database
from durian.registry.vault import Vault


class Part:
    """A database, a vault, a clock, and the principal in whose name they are used."""

    def __init__(
        self,
        database: Database,
        vault: Vault | None = None,
        *,
        now: Callable[[], float] = time.time,
        owner_attribute: str = "",
    ) -> None:
        self._database = database
        self._owner_attribute = owner_attribute
        self._now = now
        self._principal = DURIAN
        # The user's key file is read when first it is needed, and once for all copies.
        self._open_vault = cache(lambda: Vault.load() if vault is None else vault)

    @property
    def _vault(self) -> Vault:
        return self._open_vault()

    @property
    def _owner(self) -> str | None:
        return self._principal.owner

    def _refuse_owned(self, what: str) -> None:
        """Raise NotAllowed for what is the whole deployment's, in the name of an owner."""
        if self._owner is not None:
            raise NotAllowed(f"{what} are the whole deployment's, not an owner's.")

    def _note(self, connection: Connection, action: str, target: str, **facts: Any) -> None:
        """Write to the audit log, in the transaction of what it tells."""
        audit.add(connection, self._principal, self._now(), action, target, **facts)
