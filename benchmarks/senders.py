"""The two senders beside each other, and beside Celery with requests, in one run."""

from __future__ import annotations

from benchmarks.celery_baseline.__main__ import fastest
from benchmarks.durian_run import Deployment, measure
from benchmarks.receiver import Receiver
from benchmarks.support import Figure, Speed, virtual_host
from tests.support.rabbitmq import Node

#: Durian's senders.
KINDS = ("requests", "curl")

#: Listeners each event goes to, and deliveries of each measurement.
FANOUT = 10
DELIVERIES = 10_000

#: Listeners that take a second for each answer, and deliveries for each of them.
SLOW_LISTENERS = 1000
SLOW_DELIVERIES = 5

#: Seconds of steady load for the latency.
STEADY_S = 10.0


def senders(node: Node) -> list[Figure]:
    """Deliveries of one process: end to end, from full queues, to slow listeners, and how late."""
    figures: list[Figure] = []
    with Receiver() as receiver:
        live = {kind: _end_to_end(node, receiver, kind) for kind in KINDS}
        full = {kind: _drained(node, receiver, kind) for kind in KINDS}
        late = _latency(node, receiver, rate=live["curl"].per_s / FANOUT / 2)
        live["celery"], full["celery"] = _celery(node, receiver)
    for kind in (*KINDS, "celery"):
        figures += _told(f"{kind}: deliveries, fan-out {FANOUT}", live[kind])
        figures += _told(f"{kind}: deliveries from full queues", full[kind])
    figures += late
    figures += _told(f"curl: deliveries to {SLOW_LISTENERS:,} listeners that take 1 s", _slow(node))
    for kind in KINDS:
        figures += _compared(kind, "", live[kind], live["celery"])
        figures += _compared(kind, " from full queues", full[kind], full["celery"])
    return figures


def _end_to_end(node: Node, receiver: Receiver, kind: str) -> Speed:
    with virtual_host(node) as url, Deployment(url, sender=kind) as deployment:
        return measure.deliveries(deployment, receiver, fanout=FANOUT, deliveries=DELIVERIES)


def _drained(node: Node, receiver: Receiver, kind: str) -> Speed:
    with virtual_host(node) as url, Deployment(url, sender=kind) as deployment:
        return measure.drained(deployment, receiver, listeners=FANOUT, deliveries=DELIVERIES)


def _slow(node: Node) -> Speed:
    with (
        Receiver(delay_ms=1000) as receiver,
        virtual_host(node) as url,
        Deployment(url, sender="curl") as deployment,
    ):
        count = SLOW_LISTENERS * SLOW_DELIVERIES
        return measure.drained(deployment, receiver, listeners=SLOW_LISTENERS, deliveries=count)


def _latency(node: Node, receiver: Receiver, *, rate: float) -> list[Figure]:
    with virtual_host(node) as url, Deployment(url, sender="curl") as deployment:
        deployment.add_listeners([f"{receiver.url}/{number}" for number in range(FANOUT)])
        stats = measure.steady(deployment, receiver, rate=rate, seconds=STEADY_S, fanout=FANOUT)
    assert stats.p50_ms is not None
    assert stats.p99_ms is not None
    return [
        Figure("curl: latency at half load, p50", stats.p50_ms, "ms"),
        Figure("curl: latency at half load, p99", stats.p99_ms, "ms"),
    ]


def _celery(node: Node, receiver: Receiver) -> tuple[Speed, Speed]:
    """Celery's deliveries end to end, and from a full queue."""
    with virtual_host(node) as url:
        baseline = fastest(url, receiver)
        with baseline.running(url, receiver) as sender:
            live = sender.deliver(DELIVERIES // FANOUT, fanout=FANOUT)
        return live, baseline.drained(url, receiver, DELIVERIES // FANOUT, fanout=FANOUT)


def _compared(kind: str, which: str, ours: Speed, celery: Speed) -> list[Figure]:
    return [
        Figure(f"{kind} / celery: deliveries{which}", ours.per_s / celery.per_s, "x"),
        Figure(f"celery / {kind}: CPU a delivery{which}", celery.cpu_ms / ours.cpu_ms, "x"),
    ]


def _told(what: str, speed: Speed) -> list[Figure]:
    return [Figure(what, speed.per_s, "1/s"), Figure(f"{what}: CPU each", speed.cpu_ms, "ms")]
