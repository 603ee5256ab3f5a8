"""The queues of listeners: declared before anybody relies on them, deleted when nobody does.

This is the only place that deletes a listener's queue. It does so while the registry is held still
and says that the listener was removed: whoever adds one of the same id waits until that is done.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from itertools import islice
from typing import Protocol

from durian.broker.blocking import PATIENCE_S, count, declare_all, delete
from durian.broker.parts import Part
from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.errors import (
    BrokerUnavailable,
    DurianError,
    QueueMissing,
    RegistryUnavailable,
    TopologyMismatch,
)
from durian.registry import Listener

_log = logging.getLogger(__name__)

#: Seconds that declaring the queues of listeners may take, whatever their number.
_DECLARE_PATIENCE_S = 300.0

#: Seconds that the broker has to delete a queue: half of what the registry's writers wait for.
_DELETE_PATIENCE_S = 5.0

#: Queues of removed listeners that are seen to in one go: a process that starts hears of all of the
#: last days, and has to follow meanwhile.
_TIDY_MOST = 1000


class RemovedListeners(Protocol):
    """The part of the registry's store that says whether a queue may be deleted."""

    def hold_removed(self, listener_id: str) -> AbstractContextManager[bool]:
        """Tell whether a listener was removed; it cannot come back until the block ends."""


class ListenerQueues:
    """The queues of the listeners that a process follows. Blocking, and for one thread."""

    def __init__(self, removed: RemovedListeners, broker: Broker, topology: Topology) -> None:
        self._removed = removed
        self._broker = broker
        self._topology = topology
        #: Ids of the listeners whose queue is not as it has to be.
        self._unready: set[str] = set()
        #: Removed listeners whose queue may be left, and what kept it from being deleted.
        self._left: dict[str, str] = {}

    def note(
        self, listeners: Iterable[Listener], mismatches: Mapping[str, TopologyMismatch]
    ) -> None:
        """Say of each listener once that its queue is not as it has to be, and that it is again."""
        for listener in listeners:
            error = mismatches.get(listener.id)
            if error is not None and listener.id not in self._unready:
                self._unready.add(listener.id)
                _log.error("listener.queue_unusable listener=%s error=%s", listener.id, error)
            elif error is None and listener.id in self._unready:
                self._unready.remove(listener.id)
                if listener.enabled:
                    _log.info("listener.queue_usable listener=%s", listener.id)

    def drop(self, listener_ids: Iterable[str]) -> None:
        """Have nothing more to do with the queues of listeners that are gone."""
        for listener_id in listener_ids:
            self._unready.discard(listener_id)
            self._broker.forget_queue(self._topology.listener_queue(listener_id))
            self._left[listener_id] = ""

    def tidy(self) -> None:
        """Delete queues of listeners that were removed; what fails is for the next time."""
        for listener_id, reason in list(islice(self._left.items(), _TIDY_MOST)):
            del self._left[listener_id]
            try:
                delete_queue(self._removed, self._broker, self._topology, listener_id)
            except DurianError as error:
                self._left[listener_id] = str(error)  # behind the others
                if str(error) != reason:
                    _log.warning("listener.queue_left listener=%s error=%s", listener_id, error)
                if isinstance(error, BrokerUnavailable | RegistryUnavailable):
                    return


def parts_of(topology: Topology, listener: Listener) -> tuple[Part, ...]:
    """A listener's queue and its binding."""
    return topology.listener(listener.id, listener.queue_type, ordered=listener.policy.ordered)


def prepare_queue(
    broker: Broker, topology: Topology, listener: Listener, timeout_s: float = PATIENCE_S
) -> None:
    """Make sure that a listener's queue exists: what is sent to none would be an orphan.

    Raises BrokerError.
    """
    declare_all(broker, parts_of(topology, listener), timeout_s)


def declare_queues(
    broker: Broker, topology: Topology, listeners: Iterable[Listener]
) -> dict[str, TopologyMismatch]:
    """Declare the queues of those listeners that are enabled; return what is wrong, by id.

    A queue that exists with other arguments concerns only its listener. Raises BrokerError when
    the broker is away, or refuses for another reason: that concerns all of them.
    """
    parts = {one.id: parts_of(topology, one) for one in listeners if one.enabled}
    mismatches: dict[str, TopologyMismatch] = {}
    if not parts:
        return mismatches  # a broker that is away keeps nobody from being disabled or removed
    try:
        # All at once: the broker declares several side by side.
        everything = [part for some in parts.values() for part in some]
        declare_all(broker, everything, _DECLARE_PATIENCE_S)
    except TopologyMismatch:
        for listener_id, some in parts.items():
            try:
                declare_all(broker, some, _DECLARE_PATIENCE_S)
            except TopologyMismatch as error:
                mismatches[listener_id] = error
    return mismatches


def delete_queue(
    removed: RemovedListeners, broker: Broker, topology: Topology, listener_id: str
) -> None:
    """Delete a listener's queue, with what it holds, if the registry says that it was removed.

    Raises BrokerError or RegistryError when that cannot be done now.
    """
    queue = topology.listener_queue(listener_id)
    try:
        held = count(broker, queue, _DELETE_PATIENCE_S)
    except QueueMissing:
        return  # and nobody has to wait for us
    with removed.hold_removed(listener_id) as was_removed:
        if was_removed:
            delete(broker, queue, _DELETE_PATIENCE_S)
            _log.info("listener.queue_deleted listener=%s messages=%d", listener_id, held)
