"""Ten thousand listeners on one broker, each with a queue of its own; a hundred are busy."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks.durian_run import Deployment, measure
from benchmarks.receiver import Receiver
from benchmarks.support import Figure, broker_group, cpu_seconds, resident_mib
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

#: Deliveries of the measurement of speed, and events a second while others come.
DELIVERIES = 20_000
QUIET_RATE = 5.0

#: Listeners that are added, one after the other, while all this runs.
NEWCOMERS = 9

#: Seconds for the queues of all listeners to be declared, and for all to be consumed.
_PATIENCE_S = 1800.0

#: Seconds between two looks whether a new listener was served.
_LOOK_S = 0.025


def many(node: Node) -> list[Figure]:
    """What they take of each process and of the broker, and how soon everybody is served."""
    url = node.vhost_url(node.add_vhost())  # too large to be deleted within an answer's time
    group = broker_group(node)
    with Deployment(url, sender="curl") as deployment, Receiver() as receiver:
        listeners = _add(deployment, receiver)
        last = deployment.topology.listener_queue(listeners[-1])
        empty_mib, began = resident_mib(group), time.monotonic()
        with deployment.running("router") as (router,):
            deployment.wait_exists(last, _PATIENCE_S)
            declared_s = time.monotonic() - began
            queues_mib = resident_mib(group)
            return [
                Figure("router: all queues declared after", declared_s, "s"),
                Figure("router: memory", resident_mib(router.pid), "MiB"),
                Figure("RabbitMQ: memory of the queues", queues_mib - empty_mib, "MiB"),
                *_first_run(deployment, receiver, group, queues_mib),
                *_restart(deployment, receiver, group),
            ]


def _add(deployment: Deployment, receiver: Receiver) -> list[str]:
    """Add the listeners: a busy one behind each group of idle ones, and so the last of all."""
    listeners: list[str] = []
    for group in range(BUSY):
        idle = [f"{receiver.url}/{group}/{number}" for number in range(LISTENERS // BUSY - 1)]
        listeners += deployment.add_listeners(idle, event=IDLE_TYPE, queue_type="classic")
        listeners += deployment.add_listeners([f"{receiver.url}/{group}"], queue_type="classic")
    return listeners


def _first_run(
    deployment: Deployment, receiver: Receiver, group: int, queues_mib: float
) -> list[Figure]:
    """Deliver for the first time; then look what it takes, and let others come."""
    with _started(deployment, receiver, group) as start:
        return [
            *start.figures("first start"),
            *_steady(deployment, receiver, start.process.pid),
            Figure("deliver: memory", resident_mib(start.process.pid), "MiB"),
            Figure("RabbitMQ: memory of the consumers", resident_mib(group) - queues_mib, "MiB"),
            *_newcomers(deployment),
        ]


def _restart(deployment: Deployment, receiver: Receiver, group: int) -> list[Figure]:
    with _started(deployment, receiver, group) as start:
        return start.figures("restart")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """A delivery process that serves everybody."""

    process: subprocess.Popen[bytes]
    #: Seconds until every busy listener was served, and of CPU until then.
    took_s: float
    ours_s: float
    broker_s: float

    def figures(self, which: str) -> list[Figure]:
        return [
            Figure(f"deliver, {which}: everybody served after", self.took_s, "s"),
            Figure(f"deliver, {which}: CPU until then", self.ours_s, "s"),
            Figure(f"deliver, {which}: RabbitMQ's CPU until then", self.broker_s, "s"),
        ]


@contextmanager
def _started(deployment: Deployment, receiver: Receiver, group: int) -> Iterator[_Start]:
    """Start a delivery process with one message waiting for each busy listener."""
    with Producer(deployment.broker_url) as producer:
        producer.emit_many(measure.events(1))
    deployment.wait_depth(deployment.topology.route, 0)
    receiver.reset()
    began, used_s = time.time(), cpu_seconds(group)
    with deployment.starting("deliver") as (process,):
        stats = receiver.wait_for(BUSY, timeout_s=_PATIENCE_S)
        yield _Start(
            process=process,
            took_s=stats.last_at - began,
            ours_s=cpu_seconds(process.pid),
            broker_s=cpu_seconds(group) - used_s,
        )


def _steady(deployment: Deployment, receiver: Receiver, deliver: int) -> list[Figure]:
    """The speed of deliveries to the busy ones, and what each takes of the process."""
    receiver.reset()
    begin, used_s = time.time(), cpu_seconds(deliver)
    with Producer(deployment.broker_url) as producer:
        producer.emit_many(measure.events(DELIVERIES // BUSY))
    stats = receiver.wait_for(DELIVERIES, timeout_s=600)
    each_ms = (cpu_seconds(deliver) - used_s) / stats.received * 1000
    return [
        Figure(f"deliveries to {BUSY} of them", stats.received / (stats.last_at - begin), "1/s"),
        Figure(f"deliveries to {BUSY} of them: CPU each", each_ms, "ms"),
    ]


def _newcomers(deployment: Deployment) -> list[Figure]:
    """Seconds from adding a listener to its first delivery, while the others get theirs."""
    broker = RabbitBroker(deployment.broker_url)
    broker.start()
    provision = Provision(deployment.store, broker, deployment.topology)
    with Producer(deployment.broker_url) as producer, _quiet_load(deployment):
        served = [_served_s(provision, producer, f"new.{number}") for number in range(NEWCOMERS)]
    broker.stop()
    return [
        Figure("new listener served after, median", median(served), "s"),
        Figure("new listener served after, longest", max(served), "s"),
    ]


def _served_s(provision: Provision, producer: Producer, kind: str) -> float:
    with Receiver() as receiver:
        began = time.time()
        new = Listener.create(url=receiver.url, event=kind, queue_type="classic")
        provision.add(new, ListenerSecret.new(now=began))
        pause = threading.Event()
        while not (stats := receiver.stats()).received:
            producer.emit(kind, event_data(0))
            pause.wait(_LOOK_S)
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
