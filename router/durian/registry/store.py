"""The registry's store: hooks, listeners, secrets and the attempt log in SQLite or PostgreSQL.

Safe to share by threads. Every method is one transaction and may raise `RegistryUnavailable` when
the database is away (the next call finds it again) besides what it names itself.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Self

import sqlalchemy as sa

from durian.errors import InvalidListener
from durian.registry.attempt_store import AttemptStore
from durian.registry.changes import Changes
from durian.registry.client_key import needs_key
from durian.registry.data_schema import check_spec
from durian.registry.hook_spec import HookSpec
from durian.registry.lane_store import LaneStore
from durian.registry.listener import Listener
from durian.registry.replay_store import ReplayStore
from durian.registry.secret import ListenerSecret
from durian.registry.sql import feed, hooks, listeners, removed, revision, secrets
from durian.registry.sql.database import Database, Write
from durian.registry.vault import Vault

#: Rows that are written or read at once where there may be a million.
CHUNK = 1000

#: Seconds a tombstone is kept at least: a follower that was away longer starts from nothing.
KEEP_REMOVED_S = 7 * 24 * 3600


class Store(AttemptStore, LaneStore, ReplayStore):
    """A registry that is open."""

    def __init__(
        self,
        database: Database,
        vault: Vault | None = None,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        AttemptStore.__init__(self, database)
        LaneStore.__init__(self, database, now)
        ReplayStore.__init__(self, database, now)
        self._opened_vault = vault

    @classmethod
    def open(cls, url: str, vault: Vault | None = None) -> Self:
        """Open the registry at `sqlite:///path` or `postgresql://...`; SQLite is made at need.

        Without a vault, the user's key file is taken when first a secret is read or written.

        Raises:
            InvalidSettings: when the URL cannot be used.
            RegistryOutdated: when PostgreSQL has to be upgraded, or the schema is too new.
            RegistryUnavailable: when the database cannot be reached.
        """
        database = Database(url)
        try:
            revision.check(database)
        except BaseException:
            database.close()
            raise
        return cls(database, vault)

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

    def changes(self, since: int) -> Changes:
        """Return everything that changed after a version, all at once (0: everything there is)."""
        with self._database.reading() as connection:
            since, reset = feed.start(connection, since)
            return feed.read(connection, since, feed.version(connection), reset=reset)

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

    def prune(self, older_than_s: float = KEEP_REMOVED_S) -> int:
        """Forget removals older than this many seconds; return how many."""
        with self._database.locked() as connection:
            return removed.prune(connection, self._now() - older_than_s)

    # Listeners

    def add_listener(
        self, listener: Listener, secret: ListenerSecret, key_pem: str | None = None
    ) -> None:
        """Add a listener with its first secret, and its client certificate's key if it has one.

        Its queue has to exist before: from now on the router may match it.

        Raises:
            Conflict: when its id is taken.
            InvalidListener: when key and certificate do not belong together, or one is missing.
        """
        with self._database.writing() as write:
            self._insert(write, [(listener, secret)], key_pem)

    def add_listeners(self, new: Iterable[tuple[Listener, ListenerSecret]]) -> None:
        """Add many, a thousand to a transaction.

        Raises:
            Conflict: when an id is taken; none of its thousand is added, those before are.
            InvalidListener: when one has a client certificate: it is to be added by itself.
        """
        remaining = iter(new)
        while chunk := list(itertools.islice(remaining, CHUNK)):
            with self._database.writing() as write:
                self._insert(write, chunk)

    def _insert(
        self,
        write: Write,
        new: list[tuple[Listener, ListenerSecret]],
        key_pem: str | None = None,
    ) -> None:
        listeners.insert(write, [listener for listener, _ in new], self._now())
        secrets.insert(write, self._vault, [(one.id, secret) for one, secret in new])
        for listener, _ in new:
            self._keep_client_key(write, listener, None, key_pem)

    def _keep_client_key(
        self, write: Write, listener: Listener, before: Listener | None, key_pem: str | None
    ) -> None:
        cert_pem = listener.policy.cert_pem
        cert_before = before.policy.cert_pem if before else None
        if needs_key(cert_pem, cert_before, key_pem):
            secrets.put_client_key(write, self._vault, listener.id, key_pem or "", self._now())
        elif cert_pem is None and cert_before is not None:
            secrets.drop_client_key(write, listener.id)

    def get_listener(self, listener_id: str) -> Listener:
        """Return a listener. Raises `NotFound`."""
        with self._database.reading() as connection:
            return listeners.get(connection, listener_id)

    def listener_dates(self, listener_id: str) -> tuple[float, float]:
        """Return when a listener was added and last changed, in seconds since the epoch.

        Raises:
            NotFound: when there is none.
        """
        with self._database.reading() as connection:
            return listeners.dates(connection, listener_id)

    def list_listeners(
        self,
        event: str | None = None,
        *,
        enabled: bool | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> list[Listener]:
        """Return the next listeners by id, after an id.

        With `event` only those with exactly this event pattern, with `enabled` only those.
        """
        with self._database.reading() as connection:
            return listeners.page(
                connection, event=event, enabled=enabled, after=after, limit=limit
            )

    def count_listeners(self) -> int:
        """Count the listeners."""
        with self._database.reading() as connection:
            return listeners.count(connection)

    def update_listener(self, listener: Listener, key_pem: str | None = None) -> None:
        """Replace the listener of this id.

        A new client certificate takes its key along; without a certificate the key goes.

        Raises:
            NotFound: when there is none.
            InvalidListener: when its queue type differs, or whether it is ordered; or when key and
                certificate do not belong together, or one is missing.
        """
        with self._database.writing() as write:
            before = listeners.update(write, listener, self._now())
            self._keep_client_key(write, listener, before, key_pem)

    def set_enabled(self, listener_id: str, enabled: bool) -> None:  # noqa: FBT001  # the verb says it
        """Enable or disable a listener. Raises `NotFound`."""
        with self._database.writing() as write:
            listeners.set_enabled(write, listener_id, self._now(), enabled=enabled)

    def remove_listener(self, listener_id: str) -> None:
        """Remove a listener and its secrets. Raises `NotFound`."""
        with self._database.writing() as write:
            listeners.delete(write, listener_id, self._now())

    @contextmanager
    def hold_removed(self, listener_id: str) -> Iterator[bool]:
        """Tell whether a listener was removed and has not come back.

        Until the block ends it cannot, for nobody can change the registry: be quick.
        """
        with self._database.still() as connection:
            yield removed.has(connection, "listener", listener_id)

    # Secrets

    def secrets_of(self, listener_id: str, now: float) -> list[ListenerSecret]:
        """Return the secrets that sign at this moment, newest first.

        Raises:
            NotFound: when there is no such listener.
            RegistryError: when they cannot be opened with the keys at hand.
        """
        with self._database.reading() as connection:
            found = secrets.active(connection, self._vault, listener_id, now)
            if not found:
                listeners.get(connection, listener_id)
            return found

    def client_key_of(self, listener_id: str) -> str | None:
        """Return the key of a listener's client certificate, as PEM; None when it has none.

        Raises:
            RegistryError: when it cannot be opened with the keys at hand.
        """
        with self._database.reading() as connection:
            return secrets.client_key(connection, self._vault, listener_id)

    def rotate_secret(
        self, listener_id: str, new: ListenerSecret, overlap_s: float, now: float
    ) -> None:
        """Give a listener a new secret; the ones it has go on signing for the overlap, in seconds.

        Raises:
            NotFound: when there is no such listener.
        """
        if overlap_s < 0:
            raise InvalidListener("overlap_s", "must not be negative")
        with self._database.writing() as write:
            listeners.touch(write, listener_id, now)
            secrets.expire(write, listener_id, now + overlap_s, now)
            secrets.insert(write, self._vault, [(listener_id, new)])

    def reencrypt(self) -> int:
        """Seal every secret with the vault's first key; return how many were not.

        After it the older keys can be taken from the setting.

        Raises:
            RegistryError: when a secret cannot be opened with the keys at hand.
        """
        total, after = 0, 0
        while True:
            with self._database.locked() as connection:
                done, last = secrets.reseal(connection, self._vault, after, CHUNK)
            total += done
            if last is None:
                return total
            after = last

    @property
    def _vault(self) -> Vault:
        if self._opened_vault is None:
            self._opened_vault = Vault.load()
        return self._opened_vault

    # Hooks

    def put_hook(self, spec: HookSpec) -> None:
        """Add a hook, or replace the one of that name.

        Raises:
            InvalidHook: when its schema is not one, or its example does not fit it.
        """
        check_spec(spec)
        with self._database.writing() as write:
            hooks.put(write, spec)

    def get_hook(self, name: str) -> HookSpec:
        """Return a hook. Raises `NotFound`."""
        with self._database.reading() as connection:
            return hooks.get(connection, name)

    def list_hooks(self, after: str | None = None, limit: int = 100) -> list[HookSpec]:
        """Return the next hooks by name, after a name."""
        with self._database.reading() as connection:
            return hooks.page(connection, after=after, limit=limit)

    def remove_hook(self, name: str) -> None:
        """Remove a hook. Raises `NotFound`."""
        with self._database.writing() as write:
            hooks.delete(write, name, self._now())


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
