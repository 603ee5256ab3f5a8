"""A router whose index holds many listeners that want none of the events.

They are put into its index alone: a queue for each would cost the broker gigabytes, and take no
part in what is measured.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
from collections.abc import Iterator
from multiprocessing.synchronize import Event

from benchmarks.workload import EVENT_TYPE
from durian.broker.rabbit import RabbitBroker
from durian.broker.topology import Topology
from durian.registry.store import Store
from durian.router import Router

#: Seconds for the router to be ready, and to end.
_START_S = 120.0
_STOP_S = 40.0


@contextlib.contextmanager
def crowded_router(broker_url: str, registry_url: str, others: int) -> Iterator[None]:
    """Run a router with so many others in its index, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ready, stop = context.Event(), context.Event()
    process = context.Process(target=_route, args=(broker_url, registry_url, others, ready, stop))
    process.start()
    try:
        if not ready.wait(_START_S):
            raise TimeoutError("the router is not ready")
        yield
    finally:
        stop.set()
        process.join(_STOP_S)
        process.kill()
        process.join()


def _route(broker_url: str, registry_url: str, others: int, ready: Event, stop: Event) -> None:
    broker, store = RabbitBroker(broker_url), Store.open(registry_url)
    router = Router(broker, Topology(), store)
    refused = router.index.load(_row(number) for number in range(others))
    assert not refused
    broker.start()
    router.start()
    assert router.wait_ready(_START_S)
    assert len(router.index) > others
    ready.set()
    stop.wait()
    router.stop()
    broker.stop()
    store.close()


def _row(number: int) -> tuple[str, str, str]:
    """Make a listener that looks at each event in one of the common ways, in vain."""
    text = f"nobody {number}"
    forms: tuple[object, ...] = (text, text, text, {"startswith": text}, {"endswith": text})
    field = ("name", "address", "note")[number % 3]
    pattern = "#" if number % 10 == 0 else EVENT_TYPE
    return f"other-{number}", pattern, json.dumps({field: forms[number % len(forms)]})
