"""What is measured of Durian: the router alone, deliveries end to end, latency at half load."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager

from benchmarks.durian_run.crowd import crowded_router
from benchmarks.durian_run.deployment import USUAL, Deployment
from benchmarks.receiver import Receiver, Stats
from benchmarks.support import Speed, cpu_seconds, resident_mib, speed
from benchmarks.workload import EVENT_TYPE, event_data
from durian.events import Event
from durian.producers import Producer
from durian.registry import Policy

#: Deliveries made before anything is measured: connections made, code warm.
WARM_UP = 200


def events(count: int) -> Iterator[Event]:
    """The events that every benchmark sends."""
    return (Event(type=EVENT_TYPE, data=event_data(number)) for number in range(count))


def router_per_s(deployment: Deployment, count: int) -> float:
    """Events a second through the router alone, one listener each, from a full queue."""
    return _routed_per_s(deployment, count, deployment.running("router"))


def router_among_per_s(deployment: Deployment, count: int, listeners: int) -> float:
    """The same with so many listeners in its index, of which one wants the events."""
    urls = (deployment.broker_url, deployment.registry_url)
    return _routed_per_s(deployment, count, crowded_router(*urls, listeners - 1))


def _routed_per_s(
    deployment: Deployment, count: int, router: AbstractContextManager[object]
) -> float:
    deployment.declare()
    [listener] = deployment.add_listeners(["https://receiver.example/"])
    with Producer(deployment.broker_url) as producer:
        producer.emit_many(events(count))
    queue = deployment.topology.listener_queue(listener)
    with router:
        begin = _when(deployment, queue, 1)
        at_first = max(1, deployment.depth(queue))
        deployment.wait_depth(queue, count)
        seconds = time.monotonic() - begin
    deployment.remove_listeners([listener])
    return (count - at_first) / seconds


def deliveries(
    deployment: Deployment, receiver: Receiver, *, fanout: int, deliveries: int
) -> Speed:
    """How fast deliveries go, from the first publish to the last arrival."""
    ids = deployment.add_listeners([f"{receiver.url}/{number}" for number in range(fanout)])
    count = max(1, deliveries // fanout)
    with (
        deployment.running("router", "deliver") as (_, deliver),
        Producer(deployment.broker_url) as producer,
    ):
        _warm_up(producer, receiver, fanout)
        begin, used_s = time.time(), cpu_seconds(deliver.pid)
        producer.emit_many(events(count))
        stats = receiver.wait_for(count * fanout, timeout_s=300)
        used_s = cpu_seconds(deliver.pid) - used_s
    deployment.remove_listeners(ids)
    return speed(stats, begin, used_s)


def drained(
    deployment: Deployment,
    receiver: Receiver,
    *,
    listeners: int,
    deliveries: int,
    policy: Policy = USUAL,
) -> Speed:
    """How fast one delivery process empties full queues, from its first arrival to its last.

    With batches all of them are full: each listener gets a multiple of what one holds.
    """
    urls = [f"{receiver.url}/{number}" for number in range(listeners)]
    ids = deployment.add_listeners(urls, policy=policy)
    count = max(1, deliveries // listeners)
    deployment.declare()
    queues = [deployment.topology.listener_queue(each) for each in ids]
    with deployment.running("router"), Producer(deployment.broker_url) as producer:
        producer.emit_many(events(count))
        for queue in queues:
            deployment.wait_depth(queue, count)
    receiver.reset()
    with deployment.running("deliver") as (deliver,):
        stats = receiver.wait_for(count * listeners // policy.batch_events, timeout_s=300)
        used_s = cpu_seconds(deliver.pid)
    deployment.remove_listeners(ids)
    return speed(stats, stats.first_at, used_s, events=policy.batch_events)


def latency(deployment: Deployment, receiver: Receiver, *, rate: float, seconds: float) -> Stats:
    """What the receiver saw at a steady rate of events a second, one listener each."""
    ids = deployment.add_listeners([receiver.url])
    stats = steady(deployment, receiver, rate=rate, seconds=seconds, fanout=1)
    deployment.remove_listeners(ids)
    return stats


def steady(
    deployment: Deployment, receiver: Receiver, *, rate: float, seconds: float, fanout: int
) -> Stats:
    """What the receiver saw at a steady rate, when each event reaches it `fanout` times."""
    count = int(rate * seconds)
    with deployment.running("router", "deliver"), Producer(deployment.broker_url) as producer:
        _warm_up(producer, receiver, fanout)
        begin = time.monotonic()
        pause = threading.Event()
        for number in range(count):
            if (early_s := begin + number / rate - time.monotonic()) > 0:
                pause.wait(early_s)
            producer.emit(EVENT_TYPE, event_data(number))
        return receiver.wait_for(count * fanout, timeout_s=300)


def memory_mib(
    deployment: Deployment, receiver: Receiver, backlog: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Resident memory of each role before anything came, and with a backlog waiting."""
    [listener] = deployment.add_listeners([receiver.url])
    roles = ("router", "deliver")
    queue = deployment.topology.listener_queue(listener)
    with deployment.running(*roles) as processes, Producer(deployment.broker_url) as producer:
        pids = dict(zip(roles, (process.pid for process in processes), strict=True))
        idle = {role: resident_mib(pid) for role, pid in pids.items()}
        producer.emit_many(events(backlog))
        deployment.wait_least(queue, round(backlog * 0.98))
        loaded = {role: resident_mib(pid) for role, pid in pids.items()}
    return idle, loaded


def _warm_up(producer: Producer, receiver: Receiver, fanout: int) -> None:
    receiver.reset()
    count = max(1, WARM_UP // fanout)
    producer.emit_many(events(count))
    receiver.wait_for(count * fanout, timeout_s=60)
    receiver.reset()


def _when(deployment: Deployment, queue: str, least: int) -> float:
    """Wait until a queue holds that many messages; tell when, by the monotonic clock."""
    pause = threading.Event()
    while deployment.depth(queue) < least:
        pause.wait(0.01)
    return time.monotonic()
