"""The registry's store: hooks, listeners, secrets and the attempt log in SQLite or PostgreSQL.

Safe to share by threads. Every method is one transaction and may raise `RegistryUnavailable` when
the database is away (the next call finds it again) besides what it names itself.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator
from typing import Self

from durian.errors import MissingExtra

try:
    import sqlalchemy as sa
except ModuleNotFoundError as exc:
    raise MissingExtra("router", "sqlalchemy") from exc

from durian.registry.answer_store import AnswerStore
from durian.registry.attempt_store import AttemptStore
from durian.registry.audit_store import AuditStore
from durian.registry.changes import Changes
from durian.registry.hook_store import HookStore
from durian.registry.job_store import JobStore
from durian.registry.lane_store import LaneStore
from durian.registry.listener_store import ListenerStore
from durian.registry.portal_store import PortalStore
from durian.registry.principal import Principal
from durian.registry.replay_store import ReplayStore
from durian.registry.source_store import SourceStore
from durian.registry.sql import feed, listeners, revision, secrets, sources
from durian.registry.sql.address import shown
from durian.registry.sql.database import Database
from durian.registry.stats_store import StatsStore
from durian.registry.token_store import TokenStore
from durian.registry.user_store import UserStore
from durian.registry.vault import Vault

#: Rows that are read at once where there may be a million.
CHUNK = 1000


class Store(
    ListenerStore,
    HookStore,
    AttemptStore,
    LaneStore,
    ReplayStore,
    SourceStore,
    TokenStore,
    UserStore,
    PortalStore,
    AuditStore,
    AnswerStore,
    StatsStore,
    JobStore,
):
    """A registry that is open."""

    def on_behalf(self, principal: Principal) -> Self:
        """Return this registry as a principal has it.

        Changes are made in its name, and for one that is bound to an owner there are no listeners
        but theirs. It stands on the same connections: close the one it was made of.
        """
        seen = copy.copy(self)
        seen._principal = principal  # noqa: SLF001  # of a copy of itself
        return seen

    @classmethod
    def open(
        cls,
        url: str,
        vault: Vault | None = None,
        *,
        create: bool = True,
        owner_attribute: str = "",
    ) -> Self:
        """Open the registry at `sqlite:///path` or `postgresql://...`.

        On SQLite it is made when it is missing, unless told otherwise. Without a vault, the user's
        key file is taken when first a secret is read or written. With `owner_attribute`, listeners
        with an owner are narrowed to the events that name him in it.

        Raises:
            InvalidSettings: when the URL cannot be used.
            RegistryMissing: when it is missing on SQLite and is not to be made.
            RegistryOutdated: when PostgreSQL has to be upgraded, or the schema is too new.
            RegistryUnavailable: when the database cannot be reached.
        """
        database = Database(url)
        try:
            revision.check(database, create=create)
        except BaseException:
            database.close()
            raise
        return cls(database, vault, owner_attribute=owner_attribute)

    def close(self) -> None:
        """Close its connections; harmless when done twice."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def ping(self) -> None:
        """Make sure that the database answers."""
        with self._database.reading() as connection:
            connection.execute(sa.select(1))

    def where(self) -> str:
        """Return the URL of its database, without the password; a file's with its whole path."""
        return shown(self._database.url)

    def clock(self) -> float:
        """Return the database's time, in seconds since the epoch; SQLite's is this machine's."""
        if self._database.is_sqlite:
            return self._now()
        now = sa.extract("epoch", sa.func.clock_timestamp())
        with self._database.reading() as connection:
            return float(connection.execute(sa.select(now)).scalar_one())

    # Followers

    def version(self) -> int:
        """Return the version of the newest change; 0 when there was none."""
        with self._database.reading() as connection:
            return feed.version(connection)

    def identity(self) -> str:
        """Return what tells this registry from every other; a copy of it has the same."""
        with self._database.reading() as connection:
            return feed.identity(connection)

    def changes(self, since: int) -> Changes:
        """Return everything that changed after a version, all at once (0: everything there is)."""
        with self._database.reading() as connection:
            since, reset = feed.start(connection, since)
            return feed.read(connection, since, feed.version(connection), reset=reset)

    def changes_of(self, listener_ids: Collection[str]) -> Changes:
        """Return the listeners of these ids as they are now; those that are gone are left out."""
        with self._database.reading() as connection:
            found, unreadable = listeners.named(connection, listener_ids)
            version = feed.version(connection)
        return Changes(version=version, listeners=found, unreadable=unreadable)

    def stream(self, since: int, size: int = CHUNK) -> Iterator[Changes]:
        """Yield everything that changed after a version in pages, to be applied one by one.

        Between two pages no transaction is open. At the end the follower has seen everything up to
        the last page's version; there is always at least one page.
        """
        with self._database.reading() as connection:
            since, reset = feed.start(connection, since)
        while True:
            with self._database.reading() as connection:
                upto = feed.end_of_page(connection, since, size)
                page = feed.read(connection, since, upto, reset=reset)
                last = upto == feed.version(connection)
            yield page
            if last:
                return
            since, reset = upto, False

    def reencrypt(self) -> int:
        """Seal every secret with the vault's first key; return how many were not.

        After it the older keys can be taken from the setting.

        Raises:
            RegistryError: when a secret cannot be opened with the keys at hand.
        """
        with self._database.locked() as connection:
            total = sources.reseal(connection, self._vault)
        after = 0
        while True:
            with self._database.locked() as connection:
                done, last = secrets.reseal(connection, self._vault, after, CHUNK)
            total += done
            if last is None:
                return total
            after = last


def upgrade(url: str) -> None:
    """Bring a registry's schema up to date; harmless when it is.

    Raises:
        InvalidSettings: when the URL cannot be used.
        RegistryOutdated: when the schema is newer than this version of Durian.
        RegistryUnavailable: when the database cannot be reached.
    """
    database = Database(url)
    try:
        revision.upgrade(database)
    finally:
        database.close()
