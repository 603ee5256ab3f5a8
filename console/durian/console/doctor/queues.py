"""What the doctor looks at between registry and broker: whether each listener's queue is fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from durian.broker.blocking import count
from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.console.doctor.finding import Finding, fail, ok, warn
from durian.console.listeners import pages
from durian.console.settings import Settings
from durian.console.wiring import open_broker, open_store, topology
from durian.control import declare_queues
from durian.errors import QueueMissing
from durian.registry import Listener


def queues(settings: Settings) -> Iterator[Finding]:
    """Whether every enabled listener has the queue it needs."""
    if not settings.broker_url:
        return  # the embedded broker's are made by `durian up` itself
    with open_store(settings) as store, open_broker(settings) as broker:
        enabled = [listener for listener in pages(store, None) if listener.enabled]
        yield from checked(broker, topology(settings), enabled)


def checked(broker: Broker, names: Topology, listeners: Iterable[Listener]) -> Iterator[Finding]:
    """What is found of listeners' queues; none is made here that is missing."""
    there: list[Listener] = []
    missing: list[str] = []
    for listener in listeners:
        try:
            count(broker, names.listener_queue(listener.id))
            there.append(listener)
        except QueueMissing:
            missing.append(listener.id)
    # What is there is declared again without any effect, if its arguments are ours.
    mismatches = declare_queues(broker, names, there)
    for listener_id, error in mismatches.items():
        yield fail(f"queue of {listener_id}", error)
    if missing:
        found = f"listeners without one: {len(missing)}, such as {missing[0]}"
        yield warn("queues", found, "Start `durian router`: it declares them.")
    if not mismatches and not missing:
        yield ok("queues", f"are there and as they should be; listeners: {len(there)}")
