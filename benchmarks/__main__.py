"""`make bench`: Durian end to end, and the same job done with Celery and requests beside it."""

from __future__ import annotations

import argparse

from benchmarks.celery_baseline.__main__ import measure as measure_celery
from benchmarks.celery_baseline.run import Baseline
from benchmarks.durian_run import Deployment, measure
from benchmarks.receiver import Receiver
from benchmarks.support import Figure, broker, broker_version, report, virtual_host

#: Listeners an event goes to.
FANOUTS = (1, 10, 100)


def main() -> None:
    """Parse options, measure, report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000, help="through the router alone")
    parser.add_argument("--deliveries", type=int, default=5_000, help="for each fan-out")
    parser.add_argument("--seconds", type=float, default=10.0, help="of steady load for latency")
    options = parser.parse_args()
    with broker() as node, Receiver() as receiver:
        with virtual_host(node) as url, Deployment(url) as deployment:
            router = measure.router_per_s(deployment, options.events)
        figures = [Figure("router alone, one match: events", router, "1/s")]
        with virtual_host(node) as url, Deployment(url) as deployment:
            figures += _end_to_end(deployment, receiver, options)
        with virtual_host(node) as url:
            celery = measure_celery(Baseline(), url, receiver, list(FANOUTS), options.deliveries)
        figures += celery + _ratios(figures, celery)
        report("end_to_end", figures, rabbitmq=broker_version(node))


def _end_to_end(
    deployment: Deployment, receiver: Receiver, options: argparse.Namespace
) -> list[Figure]:
    figures = []
    for fanout in FANOUTS:
        speed = measure.deliveries_per_s(
            deployment, receiver, fanout=fanout, deliveries=options.deliveries
        )
        figures.append(Figure(f"durian: deliveries, fan-out {fanout}", speed, "1/s"))
    rate = figures[0].value / 2
    stats = measure.latency(deployment, receiver, rate=rate, seconds=options.seconds)
    for name, value in (("p50", stats.p50_ms), ("p99", stats.p99_ms)):
        assert value is not None
        figures.append(Figure(f"durian: latency at half load, {name}", value, "ms"))
    return figures


def _ratios(durian: list[Figure], celery: list[Figure]) -> list[Figure]:
    """Durian's deliveries over Celery's, fan-out by fan-out."""
    ours = {each.figure.split(": ")[1]: each.value for each in durian}
    theirs = {each.figure.split(": ")[1]: each.value for each in celery}
    return [
        Figure(f"durian / celery: {name}", ours[name] / theirs[name], "x")
        for name in (f"deliveries, fan-out {fanout}" for fanout in FANOUTS)
    ]


if __name__ == "__main__":
    main()
