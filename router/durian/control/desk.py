"""Where listeners are added and changed, with or without a broker at hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from durian.broker.blocking import declare_all
from durian.broker.topology import Topology
from durian.control.provision import ListenerStore, Provision
from durian.registry import Listener, ListenerSecret


class Desk(Protocol):
    """Where listeners are added and changed."""

    def add(self, listener: Listener, secret: ListenerSecret, key_pem: str | None = None) -> None:
        """Add a listener with its first secret and its client certificate's key.

        Raises Conflict when its id is taken, InvalidListener when it cannot have that key.
        """

    def update(
        self, listener: Listener, key_pem: str | None = None, *, if_version: int | None = None
    ) -> None:
        """Replace a listener.

        Raises NotFound, Changed when it is not at `if_version`, InvalidListener when it cannot be
        so.
        """

    def set_enabled(self, listener_id: str, *, enabled: bool) -> None:
        """Enable or disable a listener; raises NotFound."""

    def set_paused(self, listener_id: str, *, paused: bool) -> None:
        """Pause or resume a listener; raises NotFound."""

    def rotate_secret(self, listener_id: str, new: ListenerSecret, overlap_s: float) -> None:
        """Give a listener a new secret; the old ones go on signing for the overlap, in seconds.

        Raises NotFound.
        """

    def remove(self, listener_id: str, *, if_version: int | None = None) -> None:
        """Remove a listener; raises NotFound, or Changed when it is not at `if_version`."""


class RegistryDesk:
    """Writes the registry only: a running `durian up` follows it and does the rest."""

    def __init__(self, store: ListenerStore) -> None:
        self._store = store

    def add(self, listener: Listener, secret: ListenerSecret, key_pem: str | None = None) -> None:
        """Add a listener."""
        self._store.add_listener(listener, secret, key_pem)

    def update(
        self, listener: Listener, key_pem: str | None = None, *, if_version: int | None = None
    ) -> None:
        """Replace a listener."""
        self._store.update_listener(listener, key_pem, if_version=if_version)

    def set_enabled(self, listener_id: str, *, enabled: bool) -> None:
        """Enable or disable a listener."""
        self._store.set_enabled(listener_id, enabled)

    def set_paused(self, listener_id: str, *, paused: bool) -> None:
        """Pause or resume a listener."""
        self._store.set_paused(listener_id, paused=paused)

    def rotate_secret(self, listener_id: str, new: ListenerSecret, overlap_s: float) -> None:
        """Give a listener a new secret."""
        self._store.rotate_secret(listener_id, new, overlap_s, time.time())

    def remove(self, listener_id: str, *, if_version: int | None = None) -> None:
        """Remove a listener."""
        self._store.remove_listener(listener_id, if_version=if_version)


@contextmanager
def open_desk(store: ListenerStore, broker_url: str, names: Topology) -> Iterator[Desk]:
    """Open a desk for the length of the block, on RabbitMQ when its URL is given.

    Raises BrokerError when it cannot be reached: a listener whose queue cannot be declared is
    refused where somebody can mend it.
    """
    if not broker_url:
        yield RegistryDesk(store)
        return
    from durian.broker.rabbit import RabbitBroker  # noqa: PLC0415  # the driver, only with a broker

    broker = RabbitBroker(broker_url)
    broker.start()
    try:
        # The first listener of a deployment may come before its first router.
        declare_all(broker, names.house())
        yield Provision(store, broker, names)
    finally:
        broker.stop()
