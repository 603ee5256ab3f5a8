"""Looking whether listeners' queues are still there: a few at a time, all in turn.

A queue that is consumed is missed within seconds when somebody deletes it. One that rests, because
its listener is paused or failing, is missed by nobody, and RabbitMQ drops in silence what is routed
to it together with others.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice, product
from typing import get_args

from durian.broker.port import Broker
from durian.broker.topology import QueueType, Topology
from durian.errors import BrokerError, TopologyMismatch
from durian.registry import Listener

_log = logging.getLogger(__name__)

#: Seconds between two rounds, and queues looked at in one: 0.2 s of RabbitMQ's time (measured).
CHECK_EVERY_S = 30.0
CHECK_MOST = 100


#: Type of a queue, and whether its listener is ordered.
_Kind = tuple[QueueType, bool]

#: One of each, so that many listeners share it.
_KINDS: dict[_Kind, _Kind] = {kind: kind for kind in product(get_args(QueueType), (False, True))}


class QueueCheck:
    """Declares queues again, in turn. Never waits; for one thread, but for the broker's answer."""

    def __init__(self, broker: Broker, topology: Topology) -> None:
        self._broker = broker
        self._topology = topology
        #: What the queues of enabled listeners are like, by id.
        self._queues: dict[str, _Kind] = {}
        self._turn: Iterator[str] = iter(())
        self._next_at = broker.clock.monotonic() + CHECK_EVERY_S
        self._asking = False
        self._suspects: Sequence[str] = ()

    def watch(self, listeners: Iterable[Listener]) -> None:
        """Look at the queues of those that are enabled, from now on."""
        for listener in listeners:
            if listener.enabled:
                kind = (listener.queue_type, listener.policy.ordered)
                self._queues[listener.id] = _KINDS[kind]
            else:
                self._queues.pop(listener.id, None)

    def forget(self, listener_ids: Iterable[str]) -> None:
        """Look at them no more."""
        for listener_id in listener_ids:
            self._queues.pop(listener_id, None)

    def look(self) -> Sequence[str]:
        """Look at the next ones, if it is time; return the last ones if some are not as they were.

        Which of these it is, declaring each by itself will tell.
        """
        suspects, self._suspects = self._suspects, ()
        now = self._broker.clock.monotonic()
        if self._queues and not self._asking and now >= self._next_at:
            self._next_at = now + CHECK_EVERY_S
            self._ask()
        return [listener_id for listener_id in suspects if listener_id in self._queues]

    def _ask(self) -> None:
        ids = list(islice(self._turn, CHECK_MOST))
        if not ids:
            self._turn = iter(list(self._queues))
            ids = list(islice(self._turn, CHECK_MOST))
        parts = [
            part
            for listener_id in ids
            if (known := self._queues.get(listener_id)) is not None
            for part in self._topology.listener(listener_id, known[0], ordered=known[1])
        ]
        self._asking = True
        self._broker.declare(parts, partial(self._answered, ids))

    def _answered(self, ids: Sequence[str], error: BrokerError | None) -> None:
        if isinstance(error, TopologyMismatch):
            self._suspects = ids
        elif error is not None:
            _log.warning("listener.queues_unchecked error=%s", error)
        self._asking = False
