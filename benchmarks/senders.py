"""The two senders beside each other, and beside Celery with requests, in one run."""

from __future__ import annotations

from statistics import median

from benchmarks.celery_baseline import Baseline
from benchmarks.celery_baseline.__main__ import fastest
from benchmarks.durian_run import Deployment, measure
from benchmarks.receiver import Receiver
from benchmarks.support import Figure, Speed, virtual_host
from tests.support.rabbitmq import Node

#: Durian's senders, and how many deliveries of theirs a round measures: some seconds' worth.
KINDS = {"requests": 10_000, "curl": 30_000}
CELERY = 5_000

#: Rounds in which all take turns; the median counts. A machine is not as fast at all times.
ROUNDS = 3

#: Listeners each event goes to.
FANOUT = 10

#: Listeners that take a second for each answer, and deliveries for each of them.
SLOW_LISTENERS = 1000
SLOW_DELIVERIES = 5

#: Seconds of steady load for the latency.
STEADY_S = 10.0

#: What a speed is of: the sender, and how it was measured.
Speeds = dict[tuple[str, str], Speed]

#: How speeds are measured: from the first publish to the last arrival, or from full queues.
LIVE, FULL = f"deliveries, fan-out {FANOUT}", "deliveries from full queues"


def senders(node: Node) -> list[Figure]:
    """Deliveries of one process: end to end, from full queues, to slow listeners, and how late."""
    with Receiver() as receiver:
        with virtual_host(node) as url:
            baseline = fastest(url, receiver)
        rounds = [_round(node, receiver, baseline) for _ in range(ROUNDS)]
        speeds = {each: _median([one[each] for one in rounds]) for each in rounds[0]}
        late = _latency(node, receiver, rate=speeds["curl", LIVE].per_s / FANOUT / 2)
    figures = [one for (kind, how), speed in speeds.items() for one in _told(kind, how, speed)]
    figures += late
    figures += _told(
        "curl", f"deliveries to {SLOW_LISTENERS:,} listeners that take 1 s", _slow(node)
    )
    return figures + [one for how in (LIVE, FULL) for one in _compared(speeds, how)]


def _round(node: Node, receiver: Receiver, baseline: Baseline) -> Speeds:
    speeds: Speeds = {}
    for kind, count in KINDS.items():
        with virtual_host(node) as url, Deployment(url, sender=kind) as mine:
            speeds[kind, LIVE] = measure.deliveries(mine, receiver, fanout=FANOUT, deliveries=count)
        with virtual_host(node) as url, Deployment(url, sender=kind) as mine:
            speeds[kind, FULL] = measure.drained(mine, receiver, listeners=FANOUT, deliveries=count)
    events = CELERY // FANOUT
    with virtual_host(node) as url:
        with baseline.running(url, receiver) as sender:
            speeds["celery", LIVE] = sender.deliver(events, fanout=FANOUT)
        speeds["celery", FULL] = baseline.drained(url, receiver, events, fanout=FANOUT)
    return speeds


def _median(speeds: list[Speed]) -> Speed:
    return Speed(
        per_s=median(each.per_s for each in speeds), cpu_ms=median(each.cpu_ms for each in speeds)
    )


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


def _compared(speeds: Speeds, how: str) -> list[Figure]:
    figures = []
    celery = speeds["celery", how]
    for kind in KINDS:
        ours = speeds[kind, how]
        figures += [
            Figure(f"{kind} / celery: {how}", ours.per_s / celery.per_s, "x"),
            Figure(f"celery / {kind}: CPU of {how}", celery.cpu_ms / ours.cpu_ms, "x"),
        ]
    return figures


def _told(kind: str, how: str, speed: Speed) -> list[Figure]:
    what = f"{kind}: {how}"
    return [Figure(what, speed.per_s, "1/s"), Figure(f"{what}: CPU each", speed.cpu_ms, "ms")]
