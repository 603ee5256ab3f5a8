"""The part of the registry's store that holds listeners and their secrets."""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Unpack

from durian.errors import InvalidListener
from durian.registry import audit
from durian.registry.client_key import needs_key
from durian.registry.entry import ListenerEntry, WantedListeners
from durian.registry.listener import Listener
from durian.registry.part import Part
from durian.registry.secret import ListenerSecret
from durian.registry.sql import audit as audit_log
from durian.registry.sql import listeners, removed, secrets
from durian.registry.sql.database import Write

#: Listeners that are added, or whose secrets are read, at once where there may be a million.
CHUNK = 1000


class ListenerStore(Part):
    """Listeners; its methods keep the rules of `durian.registry.store.Store`.

    Seen on behalf of an owner, there are no others than theirs.
    """

    def add_listener(
        self, listener: Listener, secret: ListenerSecret, key_pem: str | None = None
    ) -> None:
        """Add a listener with its first secret, and its client certificate's key if it has one.

        Its queue has to exist before: from now on the router may match it.

        Raises:
            Conflict: when its id is taken.
            InvalidListener: when key and certificate do not belong together, or one is missing; or
                when it is not the owner's on whose behalf it is added.
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
        for listener, _ in new:
            self._refuse_foreign(listener)
        new = [(self._narrowed(listener), secret) for listener, secret in new]
        listeners.insert(write, [listener for listener, _ in new], self._now())
        secrets.insert(write, self._vault, [(one.id, secret) for one, secret in new])
        for listener, _ in new:
            self._keep_client_key(write, listener, None, key_pem)
            self._note_listener(write, "create", listener, after=audit.of_listener(listener))

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
        return self.listener_entry(listener_id).listener

    def listener_entry(self, listener_id: str) -> ListenerEntry:
        """Return a listener as it is filed. Raises `NotFound`."""
        with self._database.reading() as connection:
            return listeners.entry(connection, listener_id, owner=self._owner)

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
        found = self.list_entries(limit=limit, event=event, enabled=enabled, after=after)
        return [entry.listener for entry in found]

    def list_entries(
        self, *, limit: int = 100, **wanted: Unpack[WantedListeners]
    ) -> list[ListenerEntry]:
        """Return the next listeners by id as they are filed."""
        with self._database.reading() as connection:
            return listeners.page(connection, wanted, owner=self._owner, limit=limit)

    def count_listeners(self) -> int:
        """Count the listeners."""
        with self._database.reading() as connection:
            return listeners.count(connection, self._owner)

    def listener_ids(self) -> list[str]:
        """Return the ids of all listeners."""
        with self._database.reading() as connection:
            return listeners.ids(connection, self._owner)

    def removed_listeners(self) -> list[str]:
        """Return the ids of listeners that were removed and have not come back."""
        with self._database.reading() as connection:
            return audit_log.removed_listeners(connection, self._owner)

    def known_listeners(self, *, after: str = "", limit: int) -> list[str]:
        """Return the next ids of listeners that are there or were removed, after an id."""
        with self._database.reading() as connection:
            return audit_log.known_listeners(connection, self._owner, after, limit)

    def update_listener(
        self, listener: Listener, key_pem: str | None = None, *, if_version: int | None = None
    ) -> None:
        """Replace the listener of this id.

        A new client certificate takes its key along; without a certificate the key goes.

        Raises:
            NotFound: when there is none.
            Changed: when it is not at `if_version`.
            InvalidListener: when its queue type differs, or whether it is ordered; or when key and
                certificate do not belong together, or one is missing; or when it is not the
                owner's on whose behalf it is changed.
        """
        self._refuse_foreign(listener)
        listener = self._narrowed(listener)
        with self._database.writing() as write:
            before = listeners.update(
                write, listener, self._now(), owner=self._owner, if_version=if_version
            )
            self._keep_client_key(write, listener, before, key_pem)
            facts = audit.of_listener(before), audit.of_listener(listener)
            was, now = audit.difference(*facts)
            self._note_listener(write, "update", listener, before=was, after=now)

    def set_enabled(self, listener_id: str, enabled: bool) -> None:  # noqa: FBT001  # the verb says it
        """Enable or disable a listener. Raises `NotFound`."""
        self._change(listener_id, "enable" if enabled else "disable", enabled=enabled)

    def set_paused(self, listener_id: str, *, paused: bool) -> None:
        """Pause or resume a listener. Raises `NotFound`."""
        self._change(listener_id, "pause" if paused else "resume", paused=paused)

    def _change(self, listener_id: str, verb: str, **values: Any) -> None:
        with self._database.writing() as write:
            listener = listeners.get(write.connection, listener_id, owner=self._owner)
            listeners.change(write, listener_id, self._now(), **values)
            self._note_listener(write, verb, listener)

    def remove_listener(self, listener_id: str, *, if_version: int | None = None) -> None:
        """Remove a listener and its secrets.

        Raises `NotFound`, or `Changed` when it is not at `if_version`.
        """
        with self._database.writing() as write:
            listener = listeners.current(
                write.connection, listener_id, owner=self._owner, if_version=if_version
            )
            listeners.delete(write, listener_id, self._now())
            self._note_listener(write, "remove", listener, before=audit.of_listener(listener))

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
            if not found or self._owner is not None:
                listeners.get(connection, listener_id, owner=self._owner)
            return found

    def secrets_of_many(
        self, listener_ids: Collection[str], now: float
    ) -> dict[str, list[ListenerSecret]]:
        """Return the same for many listeners at a time, by id.

        Left out are those about which `secrets_of` has more to say: that a listener is not there,
        is another owner's, or has a secret that cannot be opened.
        """
        found: dict[str, list[ListenerSecret]] = {}
        if self._owner is not None:
            return found
        left = iter(listener_ids)
        while chunk := list(itertools.islice(left, CHUNK)):
            with self._database.reading() as connection:
                found |= secrets.active_of(connection, self._vault, chunk, now)
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
            listener = listeners.get(write.connection, listener_id, owner=self._owner)
            listeners.change(write, listener_id, now)
            secrets.expire(write, listener_id, now + overlap_s, now)
            secrets.insert(write, self._vault, [(listener_id, new)])
            self._note_listener(write, "rotate_secret", listener, after={"overlap_s": overlap_s})

    def _note_listener(self, write: Write, verb: str, listener: Listener, **facts: Any) -> None:
        target = f"listener {listener.id}"
        self._note(write.connection, f"listener.{verb}", target, owner=listener.owner, **facts)

    def _narrowed(self, listener: Listener) -> Listener:
        """Return a listener as it is filed: with an owner it gets that owner's events alone.

        Raises InvalidFilter.
        """
        attribute, owner = self._owner_attribute, listener.owner
        if not attribute or owner is None:
            return listener
        # In its filter, where whoever reads it sees why: router, explain and replay need no rule.
        asked = json.loads(listener.filter) | {f"@{attribute}": owner}
        return listener.replace(filter=json.dumps(asked, ensure_ascii=False))

    def _refuse_foreign(self, listener: Listener) -> None:
        if self._owner is not None and listener.owner != self._owner:
            raise InvalidListener("owner", f"must be {self._owner}")
