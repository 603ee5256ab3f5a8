"""Keeping the index in step with the registry."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial

from durian.broker.blocking import wait
from durian.broker.parts import Part
from durian.broker.port import Broker, Done
from durian.broker.topology import Topology
from durian.errors import InvalidInput
from durian.match import Filter, Index
from durian.registry import Listener
from durian.registry.changes import Changes

_log = logging.getLogger(__name__)

#: Seconds to wait for the broker to declare the queues of changed listeners, whatever their number.
_DECLARE_PATIENCE_S = 300.0

#: Seconds to wait for the loop to take up a step.
_LOOP_PATIENCE_S = 60.0

#: Changes of the index per turn of the loop: events are routed between two steps.
_STEP = 500

#: A listener to index by its filter, or the id of one to take out.
_Change = tuple[Listener, Filter] | str


class IndexKeeper:
    """Applies changes of the registry to the router's index."""

    def __init__(self, broker: Broker, topology: Topology, index: Index) -> None:
        self._broker = broker
        self._topology = topology
        self._index = index

    def apply(self, changes: Changes) -> None:
        """Declare queues, then index: a key without a queue would be dropped in silence.

        Called on the follower's thread; the index itself is only touched on the loop. Queues of
        removed listeners are deleted, so that none is declared again after a reconnect. Raises
        BrokerError when the broker refuses.
        """
        self._declare(listener for listener in changes.listeners if listener.enabled)
        steps = [*map(_change, changes.listeners), *changes.removed]
        for start in range(0, len(steps), _STEP):
            step = partial(self._step, steps[start : start + _STEP])
            wait(lambda done, step=step: self._broker.call(partial(step, done)), _LOOP_PATIENCE_S)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        for listener_id in changes.removed:
            self._broker.delete_queue(self._topology.listener_queue(listener_id), _ignore)

    def _declare(self, listeners: Iterable[Listener]) -> None:
        parts: list[Part] = []
        for listener in listeners:
            parts += self._topology.listener(listener.id, listener.queue_type)
        if parts:
            wait(lambda done: self._broker.declare(parts, done), _DECLARE_PATIENCE_S)

    def _step(self, changes: list[_Change], done: Done) -> None:
        for change in changes:
            if isinstance(change, str):
                self._index.remove(change)
            else:
                listener, filter_ = change
                self._index.add(listener.id, listener.event, filter_)
        done(None)


def _change(listener: Listener) -> _Change:
    """What a changed listener means to the index; one that cannot be read is taken out.

    The store refuses filters it cannot read, so this is a row of another version, or of SQL.
    """
    if not listener.enabled:
        return listener.id
    try:
        return listener, Filter.parse(listener.filter)
    except InvalidInput as error:
        _log.error("router.listener_unreadable listener=%s error=%s", listener.id, error)
        return listener.id


def _ignore(_: object) -> None:
    """Deleting twice, or by several routers, is harmless."""
