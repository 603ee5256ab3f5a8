"""Orphans: deliveries that found no queue of their listener; looked at, sent again, thrown away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass

from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.consumers.delivery import ERROR_HEADER, Delivery
from durian.consumers.side_queue import (
    Drop,
    Fate,
    Progress,
    Report,
    Send,
    SideQueue,
    Stay,
    say_nothing,
)
from durian.control import prepare_queue
from durian.errors import NotFound
from durian.events.message import Message
from durian.registry import Listener

#: Finds a listener by its id, or raises NotFound.
Find = Callable[[str], Listener]


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """A delivery without a queue."""

    webhook_id: str
    listener_id: str
    event_id: str
    event_type: str
    #: The event's own time, as its attribute has it.
    event_time: str
    attempts: int
    #: What the last attempt failed with; empty when there was none.
    error: str
    body: bytes

    @classmethod
    def of(cls, message: Message) -> Orphan:
        """Read it from its message."""
        delivery = Delivery.of(message.routing_key, message)
        return cls(
            webhook_id=delivery.webhook_id,
            listener_id=delivery.listener_id,
            event_id=delivery.event_id,
            event_type=str(message.headers.get("ce-type", "")),
            event_time=str(message.headers.get("ce-time", "")),
            attempts=delivery.attempts,
            error=str(message.headers.get(ERROR_HEADER, "")),
            body=message.body,
        )


class Orphans:
    """All orphans. Blocking; for any thread but the broker's own."""

    def __init__(self, broker: Broker, topology: Topology) -> None:
        self._broker = broker
        self._topology = topology
        self._queue = SideQueue(broker, topology.orphans, topology.orphans)

    def count(self) -> int:
        """How many there are."""
        return self._queue.count()

    def browse(self, limit: int = 100) -> list[Orphan]:
        """Look at the oldest, at most BROWSE_MOST; they stay where they are."""
        return [Orphan.of(message) for message in self._queue.browse(limit)]

    def replay(
        self,
        find: Find,
        *,
        listener_id: str | None = None,
        webhook_ids: Collection[str] | None = None,
        rate_per_s: float | None = None,
        stop: threading.Event | None = None,
        progress: Progress = say_nothing,
    ) -> Report:
        """Send orphans again whose listener is there now, from their first attempt on.

        All of them, those of one listener, or those named. The others stay, at the queue's end; in
        the report their listeners are the reasons. A crash loses none and sends at most WINDOW
        twice, under the same webhook-id; two at a time share the orphans between them.
        """
        report = Report(webhook_ids)
        is_there: dict[str, bool] = {}

        def fate_of(message: Message) -> Fate:
            orphan = Delivery.of(message.routing_key, message)
            name = orphan.listener_id
            if not _is_meant(orphan, listener_id, report):
                return Stay(orphan.message)
            if name not in is_there:
                is_there[name] = self._prepare(find, name)
            if not is_there[name]:
                report.kept[name] += 1
                return Stay(orphan.message)
            return Send(orphan.anew(), self._topology.deliver)

        report.count = self._queue.go_through(
            fate_of, rate_per_s=rate_per_s, stop=stop, progress=progress
        )
        return report

    def purge(
        self,
        *,
        listener_id: str | None = None,
        webhook_ids: Collection[str] | None = None,
        stop: threading.Event | None = None,
        progress: Progress = say_nothing,
    ) -> Report:
        """Throw orphans away: all that are there now, those of one listener, or those named."""
        report = Report(webhook_ids)

        def fate_of(message: Message) -> Fate:
            orphan = Delivery.of(message.routing_key, message)
            return Drop() if _is_meant(orphan, listener_id, report) else Stay(orphan.message)

        report.count = self._queue.go_through(fate_of, stop=stop, progress=progress)
        return report

    def _prepare(self, find: Find, listener_id: str) -> bool:
        """Make sure that a listener's queue exists; False when there is no such listener."""
        try:
            listener = find(listener_id)
        except NotFound:
            return False
        prepare_queue(self._broker, self._topology, listener)
        return True


def _is_meant(orphan: Delivery, listener_id: str | None, report: Report) -> bool:
    meant = listener_id is None or orphan.listener_id == listener_id
    return meant and report.is_asked(orphan.webhook_id)
