"""Keeping the index in step with the registry."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from durian.broker.blocking import declare_all
from durian.broker.parts import Part
from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.errors import InvalidInput
from durian.faults import failpoint
from durian.match import Filter, Index
from durian.registry import Listener
from durian.registry.changes import Changes

_log = logging.getLogger(__name__)

#: Seconds to wait for the broker to declare the queues of changed listeners, whatever their number.
_DECLARE_PATIENCE_S = 300.0


class IndexKeeper:
    """Applies changes of the registry to the router's index."""

    def __init__(self, broker: Broker, topology: Topology, index: Index) -> None:
        self._broker = broker
        self._topology = topology
        self._index = index

    def apply(self, changes: Changes) -> None:
        """Declare queues, then index: a key without a queue would be dropped in silence.

        Called on the follower's thread, while the loop reads the index. Queues of removed listeners
        are deleted, so that none is declared again after a reconnect. Raises BrokerError when the
        broker refuses.
        """
        self._declare(listener for listener in changes.listeners if listener.enabled)
        failpoint("router.declared")
        for listener in changes.listeners:
            self._put(listener)
            failpoint("router.refreshed")
        for listener_id in changes.removed:
            self._index.remove(listener_id)
            self._broker.delete_queue(self._topology.listener_queue(listener_id), _ignore)

    def _declare(self, listeners: Iterable[Listener]) -> None:
        parts: list[Part] = []
        for listener in listeners:
            parts += self._topology.listener(
                listener.id, listener.queue_type, ordered=listener.policy.ordered
            )
        if parts:
            declare_all(self._broker, parts, _DECLARE_PATIENCE_S)

    def _put(self, listener: Listener) -> None:
        """File a changed listener; a disabled one, or one that cannot be read, is taken out.

        The store refuses filters it cannot read, so that is a row of another version, or of SQL.
        """
        try:
            if listener.enabled:
                self._index.add(listener.id, listener.event, Filter.parse(listener.filter))
                return
        except InvalidInput as error:
            _log.error(
                "router.listener_unreadable listener=%s error=%s", listener.id, error
            )  # says it all
        self._index.remove(listener.id)


def _ignore(_: object) -> None:
    """Deleting twice, or by several routers, is harmless."""
