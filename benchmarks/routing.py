"""The router beside the least that anybody could do in its place, and beside its broker."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from benchmarks.durian_run import Deployment, measure
from benchmarks.support import Figure, broker_group, cpu_seconds, virtual_host
from durian.broker.blocking import declare_all
from durian.broker.rabbit import RabbitBroker
from durian.producers import Producer
from tests.support.rabbitmq import Node

#: Events of each run, and runs of either side, in turn: the first is not counted.
EVENTS = 20_000
ROUNDS = 4

#: Listeners that an event goes to where there are many, and events of that run.
FANOUT = 100
WIDE_EVENTS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One full queue emptied."""

    #: Messages a second that reached listeners' queues, and microseconds of CPU for each.
    per_s: float
    ours_us: float
    broker_us: float

    @property
    def broker_share(self) -> float:
        """How much of one core the broker used, in percent."""
        return self.per_s * self.broker_us / 1e4

    @property
    def our_share(self) -> float:
        """How much of one core the router used, in percent."""
        return self.per_s * self.ours_us / 1e4


def routing(node: Node) -> list[Figure]:
    """`durian router` beside a bare loop of pika; with many listeners, beside RabbitMQ."""
    routers, bares = [], []
    for _ in range(ROUNDS):
        bares.append(_bare(node))
        routers.append(_durian(node, EVENTS, 1))
    wide = _durian(node, WIDE_EVENTS, FANOUT)
    ratios = [ours.per_s / bare.per_s for ours, bare in zip(routers[1:], bares[1:], strict=True)]
    cheaper = [bare.ours_us / ours.ours_us for ours, bare in zip(routers, bares, strict=True)]
    return [
        *_told("bare pika loop, one match", bares[1:]),
        *_told("router, one match", routers[1:]),
        Figure("router / bare pika loop: deliveries", median(ratios), "x"),
        Figure("bare pika loop / router: CPU a delivery", median(cheaper[1:]), "x"),
        *_told(f"router, {FANOUT} matches", [wide]),
    ]


def _bare(node: Node) -> _Run:
    """Route by the bare loop: what it needs is declared for it."""
    with virtual_host(node) as url, Deployment(url) as deployment:
        [listener] = _fill(deployment, EVENTS, 1)
        names, broker = deployment.topology, RabbitBroker(url)
        broker.start()
        declare_all(broker, names.listener(listener))
        broker.stop()
        with _bare_router(url, names.route, names.deliver, listener) as process:
            return _empty(node, deployment, [listener], EVENTS, process)


def _durian(node: Node, events: int, fanout: int) -> _Run:
    with virtual_host(node) as url, Deployment(url) as deployment:
        listeners = _fill(deployment, events, fanout)
        with deployment.running("router") as (process,):
            return _empty(node, deployment, listeners, events, process)


def _fill(deployment: Deployment, events: int, fanout: int) -> list[str]:
    """Put events into the router's queue, before there is a router; tell who wants them."""
    deployment.declare()
    with Producer(deployment.broker_url) as producer:
        producer.emit_many(measure.events(events))
    urls = [f"https://receiver.example/{number}" for number in range(fanout)]
    return deployment.add_listeners(urls)


@contextlib.contextmanager
def _bare_router(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    command = (sys.executable, "-m", "benchmarks.bare_router", *arguments)
    process = subprocess.Popen(command, start_new_session=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _empty(
    node: Node,
    deployment: Deployment,
    listeners: list[str],
    events: int,
    process: subprocess.Popen[bytes],
) -> _Run:
    """Measure from the first event that has arrived to the last."""
    queue, groups = (
        deployment.topology.listener_queue(listeners[-1]),
        (process.pid, broker_group(node)),
    )
    deployment.wait_least(queue, 1)
    begin, used_s = time.monotonic(), [cpu_seconds(group) for group in groups]
    count = (events - max(1, deployment.depth(queue))) * len(listeners)
    deployment.wait_depth(queue, events)
    seconds = time.monotonic() - begin
    ours_s, theirs_s = (
        cpu_seconds(group) - before for group, before in zip(groups, used_s, strict=True)
    )
    return _Run(
        per_s=count / seconds, ours_us=ours_s / count * 1e6, broker_us=theirs_s / count * 1e6
    )


def _told(who: str, runs: list[_Run]) -> list[Figure]:
    return [
        Figure(f"{who}: deliveries", median(run.per_s for run in runs), "1/s"),
        Figure(f"{who}: CPU a delivery", median(run.ours_us for run in runs), "us"),
        Figure(f"{who}: RabbitMQ's CPU a delivery", median(run.broker_us for run in runs), "us"),
        Figure(f"{who}: core used", median(run.our_share for run in runs), "%"),
        Figure(f"{who}: core used by RabbitMQ", median(run.broker_share for run in runs), "%"),
    ]
