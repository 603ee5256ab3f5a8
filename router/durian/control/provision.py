"""Adding, changing and removing listeners, so that no event falls between registry and broker."""

from __future__ import annotations

import contextlib
import logging
from typing import Protocol

from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.control.announce import announce
from durian.control.queues import RemovedListeners, delete_queue, prepare_queue
from durian.errors import Conflict, DurianError, NotFound, TopologyMismatch
from durian.registry import Listener, ListenerSecret
from durian.registry.client_key import needs_key

_log = logging.getLogger(__name__)


class ListenerStore(RemovedListeners, Protocol):
    """The part of the registry's store that provisioning writes."""

    def add_listener(
        self, listener: Listener, secret: ListenerSecret, key_pem: str | None = None
    ) -> None:
        """Store a new listener with its first secret and its client certificate's key."""

    def get_listener(self, listener_id: str) -> Listener:
        """Read one listener, or raise NotFound."""

    def update_listener(
        self, listener: Listener, key_pem: str | None = None, *, if_version: int | None = None
    ) -> None:
        """Replace a listener, and its client certificate's key when one is given."""

    def set_enabled(self, listener_id: str, enabled: bool) -> None:  # noqa: FBT001  # as the store
        """Enable or disable a listener."""

    def set_paused(self, listener_id: str, *, paused: bool) -> None:
        """Pause or resume a listener."""

    def rotate_secret(
        self, listener_id: str, new: ListenerSecret, overlap_s: float, now: float
    ) -> None:
        """Give a listener a new secret; the ones it has go on signing for the overlap."""

    def remove_listener(self, listener_id: str, *, if_version: int | None = None) -> None:
        """Remove a listener and its secrets."""


class Provision:
    """Keeps registry and broker in step. Blocking, and safe to call from any thread."""

    def __init__(self, store: ListenerStore, broker: Broker, topology: Topology) -> None:
        self._store = store
        self._broker = broker
        self._topology = topology

    def add(self, listener: Listener, secret: ListenerSecret, key_pem: str | None = None) -> None:
        """Declare the listener's queue, then store it: the router may match it at once.

        `key_pem` is the key of its client certificate. Raises InvalidListener when the two do not
        belong together, Conflict when the id is taken (the queue is then the other listener's and
        stays), BrokerError or RegistryError when either cannot be reached; nothing is half done
        then but perhaps an empty queue.
        """
        needs_key(listener.policy.cert_pem, None, key_pem)
        try:
            prepare_queue(self._broker, self._topology, listener)
        except TopologyMismatch:
            self._refuse_taken(listener.id)
            raise
        self._store.add_listener(listener, secret, key_pem)
        announce(self._broker, self._topology)

    def update(
        self, listener: Listener, key_pem: str | None = None, *, if_version: int | None = None
    ) -> None:
        """Replace a listener; a new client certificate takes its key along.

        Raises NotFound when there is none of that id, Changed when it is not at `if_version`,
        InvalidListener when it cannot be so.
        """
        self._store.update_listener(listener, key_pem, if_version=if_version)
        announce(self._broker, self._topology)

    def set_enabled(self, listener_id: str, *, enabled: bool) -> None:
        """Enable or disable a listener; what is queued for a disabled one rests in its queue."""
        self._store.set_enabled(listener_id, enabled)
        announce(self._broker, self._topology)

    def set_paused(self, listener_id: str, *, paused: bool) -> None:
        """Pause or resume a listener; what matches a paused one rests in its queue."""
        self._store.set_paused(listener_id, paused=paused)
        announce(self._broker, self._topology)

    def rotate_secret(self, listener_id: str, new: ListenerSecret, overlap_s: float) -> None:
        """Give a listener a new secret; the old ones go on signing for the overlap, in seconds.

        Raises NotFound when there is none of that id.
        """
        self._store.rotate_secret(listener_id, new, overlap_s, self._broker.clock.now())
        announce(self._broker, self._topology)

    def remove(self, listener_id: str, *, if_version: int | None = None) -> None:
        """Remove a listener with what is queued for it; its dead letters stay.

        Raises NotFound, or Changed when it is not at `if_version`.
        """
        self._store.remove_listener(listener_id, if_version=if_version)
        announce(self._broker, self._topology)
        try:
            delete_queue(self._store, self._broker, self._topology, listener_id)
        except DurianError as error:
            # It is removed all the same, and every process that follows tries again.
            _log.warning("listener.queue_left listener=%s error=%s", listener_id, error)

    def _refuse_taken(self, listener_id: str) -> None:
        """Raise Conflict when there is a listener of an id: the queue in the way is its own."""
        with contextlib.suppress(NotFound):
            self._store.get_listener(listener_id)
            raise Conflict(f"A listener {listener_id} exists already.")
