"""Measure Celery: `python -m benchmarks.celery_baseline --pool threads --concurrency 8`."""

from __future__ import annotations

import argparse
from dataclasses import replace

from benchmarks.celery_baseline.run import Baseline
from benchmarks.receiver import Receiver
from benchmarks.support import Figure, broker, print_table, virtual_host

#: Ways to run Celery that were the fastest of those tried; which one wins depends on the machine.
CANDIDATES = (
    Baseline(pool="prefork", concurrency=2, prefetch=4),
    Baseline(pool="prefork", concurrency=2, prefetch=32),
    Baseline(pool="threads", concurrency=8, prefetch=4),
)

#: Deliveries that decide between them.
TRIAL = 2000

#: Seconds of steady load for the latency.
STEADY_S = 10


def main() -> None:
    """Parse options, measure, print."""
    parser = argparse.ArgumentParser(description="Webhooks with Celery and requests.")
    parser.add_argument("--pool", choices=["prefork", "threads"], help="default: the faster one")
    parser.add_argument("--concurrency", type=int, default=2, help="processes or threads")
    parser.add_argument("--prefetch", type=int, default=4, help="for each process or thread")
    parser.add_argument("--fanout", default="1,10,100", help="listeners an event, comma-separated")
    parser.add_argument("--deliveries", type=int, default=5000, help="for each fan-out")
    options = parser.parse_args()
    fanouts = [int(text) for text in options.fanout.split(",")]
    with broker() as node, virtual_host(node) as url, Receiver() as receiver:
        chosen = (
            Baseline(pool=options.pool, concurrency=options.concurrency, prefetch=options.prefetch)
            if options.pool
            else fastest(url, receiver)
        )
        figures = measure(chosen, url, receiver, fanouts, options.deliveries)
        print_table("celery", figures)


def fastest(url: str, receiver: Receiver, *, outcomes: str = "") -> Baseline:
    """Try the candidates, which keep outcomes in a database if one is named; say what each did."""
    speeds: dict[Baseline, float] = {}
    for candidate in (replace(each, outcomes=outcomes) for each in CANDIDATES):
        with candidate.running(url, receiver) as sender:
            speeds[candidate] = sender.deliver(TRIAL, fanout=1).per_s
        print(f"  trial of celery ({candidate}): {speeds[candidate]:,.0f} deliveries/s")
    return max(speeds, key=speeds.__getitem__)


def measure(
    baseline: Baseline, url: str, receiver: Receiver, fanouts: list[int], deliveries: int
) -> list[Figure]:
    """Deliveries a second at each fan-out, then latency at half the events of the first one."""
    figures: list[Figure] = []
    with baseline.running(url, receiver) as sender:
        for fanout in fanouts:
            speed = sender.deliver(max(1, deliveries // fanout), fanout=fanout)
            figures += [
                Figure(f"celery ({baseline}): deliveries, fan-out {fanout}", speed.per_s, "1/s"),
                Figure(
                    f"celery ({baseline}): CPU a delivery, fan-out {fanout}", speed.cpu_ms, "ms"
                ),
            ]
        rate = figures[0].value / fanouts[0] / 2
        stats = sender.latency(round(rate * STEADY_S), rate=rate)
    for name, value in (("p50", stats.p50_ms), ("p99", stats.p99_ms)):
        assert value is not None
        figures.append(Figure(f"celery ({baseline}): latency at half load, {name}", value, "ms"))
    return figures


if __name__ == "__main__":
    main()
