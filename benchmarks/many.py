"""Ten thousand listeners on one broker, each with a queue of its own; a hundred are busy."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import Final

from benchmarks.durian_run import Deployment, measure
from benchmarks.receiver import Receiver
from benchmarks.support import Figure, broker_group, resident_mib, virtual_host
from benchmarks.workload import EVENT_TYPE, event_data
from durian.broker.rabbit import RabbitBroker
from durian.control import Provision
from durian.producers import Producer
from durian.registry import Listener, ListenerSecret
from tests.support.rabbitmq import Node

#: Listeners, and those of them that want the events; the others wait for what never comes.
LISTENERS = 10_000
BUSY = 100
IDLE_TYPE: Final = "nothing"

#: Deliveries of one measurement of speed, and events a second while others come.
DELIVERIES = 20_000
QUIET_RATE = 5.0

#: Listeners that are added, one after the other, while all this runs.
NEWCOMERS = 9

#: Seconds for the queues of all listeners to be declared.
_DECLARE_S = 1800.0

#: Seconds over which a speed is told, between two looks, and how much of the steady speed is full.
_WINDOW_S = 1.0
_LOOK_S = 0.1
_FULL = 0.8


def many(node: Node) -> list[Figure]:
    """What they take of each process and of the broker, and how soon everybody is served."""
    with ExitStack() as stack:
        url = stack.enter_context(virtual_host(node))
        deployment = stack.enter_context(Deployment(url, sender="curl"))
        receiver = stack.enter_context(Receiver())
        group = broker_group(node)
        empty_mib = resident_mib(group)
        urls = [f"{receiver.url}/{number}" for number in range(LISTENERS)]
        deployment.add_listeners(urls[:BUSY], queue_type="classic")
        deployment.add_listeners(urls[BUSY:], event=IDLE_TYPE, queue_type="classic")
        began = time.monotonic()
        [router] = stack.enter_context(deployment.running("router", within_s=_DECLARE_S))
        declared_s = time.monotonic() - began
        queues_mib = resident_mib(group)
        figures = [
            Figure("router ready, all queues declared", declared_s, "s"),
            Figure("RabbitMQ: memory of the queues", queues_mib - empty_mib, "MiB"),
            Figure("router: memory", resident_mib(router.pid), "MiB"),
        ]
        figures += _first_run(deployment, receiver, group, queues_mib)
        figures += _restart(deployment, receiver)
    return figures


def _first_run(
    deployment: Deployment, receiver: Receiver, group: int, queues_mib: float
) -> list[Figure]:
    """Deliver for the first time; then look what it takes, and let others come."""
    full_s, deliver, stop = _until_full(deployment, receiver)
    try:
        steady = _steady(deployment, receiver)
        consumers_mib = resident_mib(group) - queues_mib
        served_s = _newcomers(deployment)
        return [
            Figure("deliver: at full rate after", full_s, "s"),
            Figure("deliver: memory", resident_mib(deliver.pid), "MiB"),
            Figure("RabbitMQ: memory of the consumers", consumers_mib, "MiB"),
            Figure(f"deliveries to {BUSY} of them", steady, "1/s"),
            Figure("new listener served after, median", median(served_s), "s"),
            Figure("new listener served after, longest", max(served_s), "s"),
        ]
    finally:
        stop()


def _restart(deployment: Deployment, receiver: Receiver) -> list[Figure]:
    full_s, _, stop = _until_full(deployment, receiver)
    stop()
    return [Figure("deliver: at full rate after a restart", full_s, "s")]


def _until_full(
    deployment: Deployment, receiver: Receiver
) -> tuple[float, subprocess.Popen[bytes], Callable[[], None]]:
    """Start a delivery process before full queues; tell when it had come to its steady speed."""
    with Producer(deployment.broker_url) as producer:
        producer.emit_many(measure.events(DELIVERIES // BUSY))
    deployment.wait_depth(deployment.topology.route, 0)
    receiver.reset()
    stack = ExitStack()
    began = time.monotonic()
    looks: list[tuple[float, int]] = [(0.0, 0)]
    with stack:
        [process] = stack.enter_context(deployment.starting("deliver"))
        pause = threading.Event()
        while looks[-1][1] < DELIVERIES:
            pause.wait(_LOOK_S)
            looks.append((time.monotonic() - began, receiver.stats().received))
            if looks[-1][0] > _DECLARE_S:
                raise TimeoutError(f"{looks[-1][1]} of {DELIVERIES} arrived")
        return full_after(looks), process, stack.pop_all().close


def full_after(looks: Sequence[tuple[float, int]]) -> float:
    """When the first second began in which as much came as in most of the later ones.

    `looks` are the seconds since the start and what had come by then.
    """
    speeds: list[tuple[float, float]] = []
    for number, (at, count) in enumerate(looks):
        later = next((look for look in looks[number:] if look[0] >= at + _WINDOW_S), None)
        if later is not None and later[1] > count:
            speeds.append((at, (later[1] - count) / (later[0] - at)))
    steady = median(speed for _, speed in speeds)
    return next(at for at, speed in speeds if speed >= _FULL * steady)


def _steady(deployment: Deployment, receiver: Receiver) -> float:
    receiver.reset()
    begin = time.time()
    with Producer(deployment.broker_url) as producer:
        producer.emit_many(measure.events(DELIVERIES // BUSY))
    stats = receiver.wait_for(DELIVERIES, timeout_s=600)
    return stats.received / (stats.last_at - begin)


def _newcomers(deployment: Deployment) -> list[float]:
    """Seconds from adding a listener to its first delivery, while the others get theirs."""
    broker = RabbitBroker(deployment.broker_url)
    broker.start()
    provision = Provision(deployment.store, broker, deployment.topology)
    with (
        Receiver() as receiver,
        Producer(deployment.broker_url) as producer,
        _quiet_load(deployment),
    ):
        served = [
            _served_s(provision, receiver, producer, f"new.{number}") for number in range(NEWCOMERS)
        ]
    broker.stop()
    return served


def _served_s(provision: Provision, receiver: Receiver, producer: Producer, kind: str) -> float:
    receiver.reset()
    began = time.time()
    new = Listener.create(url=receiver.url, event=kind, queue_type="classic")
    provision.add(new, ListenerSecret.new(now=began))
    pause = threading.Event()
    while not (stats := receiver.stats()).received:
        producer.emit(kind, event_data(0))
        pause.wait(_LOOK_S / 4)
    return stats.first_at - began


@contextmanager
def _quiet_load(deployment: Deployment) -> Iterator[None]:
    """Emit events for the busy listeners meanwhile."""
    done = threading.Event()

    def emit() -> None:
        with Producer(deployment.broker_url) as producer:
            while not done.wait(1 / QUIET_RATE):
                producer.emit(EVENT_TYPE, event_data(0))

    thread = threading.Thread(target=emit)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
