"""Where commands work on listeners: in the registry here, or at a server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from durian import control
from durian.client import Client
from durian.console import listeners
from durian.console.desk import open_desk
from durian.console.settings import Settings
from durian.console.wiring import topology
from durian.registry.store import Store

#: A listener as one JSON object.
Told = Mapping[str, Any]


class ListenerDesk(Protocol):
    """Where listeners are looked at and changed. Its methods raise DurianError."""

    def add(self, fields: Mapping[str, Any], secret: str | None, key_pem: str | None) -> Told:
        """Add one of the fields that were typed; returns it, with its `secret` and `warnings`."""

    def list(self, event: str | None, owner: str | None) -> Iterator[Told]:
        """Yield all by id, or those of an event pattern, or of an owner."""

    def show(self, listener_id: str) -> Told:
        """Get one. Raises NotFound."""

    def update(self, listener_id: str, fields: Mapping[str, Any], key_pem: str | None) -> Told:
        """Change the fields that are named, of its policy as well; returns it, with `warnings`.

        Raises NotFound.
        """

    def set_enabled(self, listener_id: str, *, enabled: bool) -> None:
        """Enable or disable one. Raises NotFound."""

    def set_paused(self, listener_id: str, *, paused: bool) -> None:
        """Pause or resume one. Raises NotFound."""

    def rotate(self, listener_id: str, secret: str | None, overlap_s: float) -> str:
        """Give one a new secret, and return it. Raises NotFound."""

    def remove(self, listener_id: str) -> None:
        """Remove one. Raises NotFound."""


def open_listener_desk(settings: Settings) -> AbstractContextManager[ListenerDesk]:
    """Open the server that is set, or the registry here."""
    return open_desk(settings, _Here, _There)


class _Here:
    """In the registry; and on the broker when one is set, which only changes need."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    def add(self, fields: Mapping[str, Any], secret: str | None, key_pem: str | None) -> Told:
        kind = {"queue_type": fields.get("queue_type") or self._settings.queue_type}
        listener = listeners.new_listener(**{**fields, **kind})
        key = listeners.new_secret(secret)
        with self._desk() as desk:
            desk.add(listener, key, key_pem)
        return {**self._told(listener.id), "secret": key.value}

    def list(self, event: str | None, owner: str | None) -> Iterator[Told]:
        breakers = listeners.open_breakers(self._store)
        for entry in listeners.entries(self._store, event, owner):
            breaker = breakers.get(entry.listener.id)
            yield listeners.described(entry.listener, breaker, readable=entry.readable)

    def show(self, listener_id: str) -> Told:
        breaker = listeners.open_breakers(self._store).get(listener_id)
        return listeners.described(self._store.get_listener(listener_id), breaker)

    def update(self, listener_id: str, fields: Mapping[str, Any], key_pem: str | None) -> Told:
        listener = listeners.changed(self._store.get_listener(listener_id), fields)
        with self._desk() as desk:
            desk.update(listener, key_pem)
        return self._told(listener_id)

    def _told(self, listener_id: str) -> Told:
        listener = self._store.get_listener(listener_id)
        warnings = listeners.warnings_of(listener.url, self._settings.allowed_networks)
        return {**listeners.described(listener), "warnings": warnings}

    def set_enabled(self, listener_id: str, *, enabled: bool) -> None:
        with self._desk() as desk:
            desk.set_enabled(listener_id, enabled=enabled)

    def set_paused(self, listener_id: str, *, paused: bool) -> None:
        with self._desk() as desk:
            desk.set_paused(listener_id, paused=paused)

    def rotate(self, listener_id: str, secret: str | None, overlap_s: float) -> str:
        key = listeners.new_secret(secret)
        with self._desk() as desk:
            desk.rotate_secret(listener_id, key, overlap_s)
        return key.value

    def remove(self, listener_id: str) -> None:
        with self._desk() as desk:
            desk.remove(listener_id)

    @contextmanager
    def _desk(self) -> Iterator[control.Desk]:
        names = topology(self._settings)
        with control.open_desk(self._store, self._settings.broker_url, names) as desk:
            yield desk


class _There:
    """At a server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def add(self, fields: Mapping[str, Any], secret: str | None, key_pem: str | None) -> Told:
        given = {**fields, "filter": json.loads(fields["filter"])}
        given |= {"secret": secret, "key_pem": key_pem}
        return self._client.create_listener(
            **{name: value for name, value in given.items() if value is not None}
        )

    def list(self, event: str | None, owner: str | None) -> Iterator[Told]:
        return self._client.listeners(event=event, owner=owner)

    def show(self, listener_id: str) -> Told:
        return self._client.listener(listener_id)

    def update(self, listener_id: str, fields: Mapping[str, Any], key_pem: str | None) -> Told:
        given = dict(fields)
        if "filter" in given:
            given["filter"] = json.loads(given["filter"])
        if key_pem is not None:
            given["key_pem"] = key_pem
        return self._client.update_listener(listener_id, **given)

    def set_enabled(self, listener_id: str, *, enabled: bool) -> None:
        self._client.update_listener(listener_id, enabled=enabled)

    def set_paused(self, listener_id: str, *, paused: bool) -> None:
        change = self._client.pause_listener if paused else self._client.resume_listener
        change(listener_id)

    def rotate(self, listener_id: str, secret: str | None, overlap_s: float) -> str:
        return self._client.rotate_secret(listener_id, secret=secret, overlap_s=overlap_s)

    def remove(self, listener_id: str) -> None:
        self._client.remove_listener(listener_id)
