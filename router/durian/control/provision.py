"""Adding, changing and removing listeners, so that no event falls between registry and broker."""

from __future__ import annotations

from typing import Protocol

from durian.broker.blocking import declare_all, delete
from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.control.announce import announce
from durian.registry import Listener, ListenerSecret


class ListenerStore(Protocol):
    """The part of the registry's store that provisioning writes."""

    def add_listener(self, listener: Listener, secret: ListenerSecret) -> None:
        """Store a new listener with its first secret."""

    def get_listener(self, listener_id: str) -> Listener:
        """Read one listener, or raise NotFound."""

    def update_listener(self, listener: Listener) -> None:
        """Replace a listener."""

    def set_enabled(self, listener_id: str, enabled: bool) -> None:  # noqa: FBT001  # as the store
        """Enable or disable a listener."""

    def remove_listener(self, listener_id: str) -> None:
        """Remove a listener and its secrets."""


class Provision:
    """Keeps registry and broker in step. Blocking, and safe to call from any thread."""

    def __init__(self, store: ListenerStore, broker: Broker, topology: Topology) -> None:
        self._store = store
        self._broker = broker
        self._topology = topology

    def add(self, listener: Listener, secret: ListenerSecret) -> None:
        """Declare the listener's queue, then store it: the router may match it at once.

        Raises Conflict when the id is taken (the queue is then the other listener's and stays),
        BrokerError or RegistryError when either cannot be reached; nothing is half done then but
        perhaps an empty queue.
        """
        parts = self._topology.listener(
            listener.id, listener.queue_type, ordered=listener.policy.ordered
        )
        declare_all(self._broker, parts)
        self._store.add_listener(listener, secret)
        announce(self._broker, self._topology)

    def update(self, listener: Listener) -> None:
        """Replace a listener. Raises NotFound when there is none of that id."""
        self._store.update_listener(listener)
        announce(self._broker, self._topology)

    def set_enabled(self, listener_id: str, *, enabled: bool) -> None:
        """Enable or disable a listener; what is queued for a disabled one rests in its queue."""
        self._store.set_enabled(listener_id, enabled)
        announce(self._broker, self._topology)

    def remove(self, listener_id: str) -> None:
        """Remove a listener with what is queued for it; its dead letters stay."""
        self._store.remove_listener(listener_id)
        announce(self._broker, self._topology)
        queue = self._topology.listener_queue(listener_id)
        delete(self._broker, queue)
