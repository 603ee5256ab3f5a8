"""Keeping the index in step with the registry."""

from __future__ import annotations

import logging
from collections.abc import Collection

from durian.broker.blocking import declare_all
from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.errors import TopologyMismatch
from durian.faults import failpoint
from durian.match import Index
from durian.registry import Listener
from durian.registry.changes import Changes

_log = logging.getLogger(__name__)


class IndexKeeper:
    """Applies changes of the registry to the router's index."""

    def __init__(self, broker: Broker, topology: Topology, index: Index) -> None:
        self._broker = broker
        self._topology = topology
        self._index = index
        #: Ids of listeners that have no queue they could use. Replaced, never changed: the loop
        #: reads it.
        self.unready: frozenset[str] = frozenset()

    def apply(self, changes: Changes, unready: Collection[str]) -> Collection[str]:
        """Index listeners: their queues exist, for a key without one would be dropped in silence.

        What `unready` ones want goes to their dead letters. Called on the follower's thread, while
        the loop reads the index. Raises BrokerError when the broker refuses.
        """
        failpoint("router.declared")
        for listener_id in unready:
            self._declare_dead_letters(listener_id)
        changed = {listener.id for listener in changes.listeners}
        self.unready = (self.unready - changed).union(unready)
        for listener in changes.listeners:
            self._put(listener)
            failpoint("router.refreshed")
        for listener_id in changes.removed:
            self._index.remove(listener_id)
        self.unready = self.unready.difference(changes.removed)
        return ()

    def _declare_dead_letters(self, listener_id: str) -> None:
        try:
            declare_all(self._broker, self._topology.dead_letters(listener_id))
        except TopologyMismatch as error:
            # They go there if that queue is bound; else they are among the orphans.
            _log.error("router.dead_letters_unusable listener=%s error=%s", listener_id, error)

    def _put(self, listener: Listener) -> None:
        """File a changed listener; a disabled one, or one that cannot be read, is taken out.

        The store refuses filters it cannot read, so that is a row of another version, or of SQL.
        """
        try:
            if listener.enabled:
                row = (listener.id, listener.event, listener.filter)
                error = self._index.load([row]).get(listener.id)
                if error is None:
                    return
                _log.error("router.listener_unreadable listener=%s error=%s", listener.id, error)
        except Exception:  # noqa: BLE001  # ours: one listener must not hold up all others
            _log.exception("router.listener_failed listener=%s", listener.id)
        self._index.remove(listener.id)
