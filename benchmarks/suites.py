"""What `make bench` measures, suite by suite: each prints a table and writes a file of results."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from statistics import median

from benchmarks.celery_baseline.__main__ import fastest
from benchmarks.celery_baseline.__main__ import measure as measure_celery
from benchmarks.django_app import project
from benchmarks.durian_run import Deployment, measure
from benchmarks.receiver import Receiver
from benchmarks.support import Figure, virtual_host
from durian.broker import blocking
from durian.broker.port import Address
from durian.broker.rabbit import RabbitBroker
from durian.consumers.dead_letters import DeadLetters
from durian.consumers.delivery import Delivery
from durian.events import amqp
from tests.support.rabbitmq import Node

#: Listeners an event goes to.
FANOUTS = (1, 10, 100)

#: Events through the router alone, deliveries for each fan-out, seconds of steady load.
EVENTS = 20_000
DELIVERIES = 5_000
STEADY_S = 10.0

#: Listeners in a router's index, few and many, and how often either is measured.
FEW, MANY = 10, 100_000
CROWD_ROUNDS = 3

#: Dead letters that are replayed.
DEAD_LETTERS = 5_000

#: Messages that wait while the memory of the processes is looked at.
BACKLOG = 200_000

#: Deliveries a second of the isolation suite: well below what ten listeners get through.
ISOLATION_RATE = 20.0

#: Pairs of runs of it.
ISOLATION_ROUNDS = 5


def end_to_end(node: Node) -> list[Figure]:
    """The router alone; deliveries and latency; the same job done with Celery and requests."""
    with Receiver() as receiver:
        with virtual_host(node) as url, Deployment(url) as deployment:
            router = measure.router_per_s(deployment, EVENTS)
        figures = [Figure("router alone, one match: events", router, "1/s")]
        with virtual_host(node) as url, Deployment(url) as deployment:
            durian = [_deliveries(deployment, receiver, fanout) for fanout in FANOUTS]
            durian += _latency(deployment, receiver, rate=durian[0].value / 2)
        with virtual_host(node) as url:
            baseline = fastest(url, receiver)
            celery = measure_celery(baseline, url, receiver, list(FANOUTS), DELIVERIES)
    return figures + durian + celery + _ratios(durian, celery)


def crowd(node: Node) -> list[Figure]:
    """The router alone with few listeners and with many, in turn: one of them wants each event."""
    found: dict[int, list[float]] = {FEW: [], MANY: []}
    for _ in range(CROWD_ROUNDS):
        for listeners, speeds in found.items():
            with virtual_host(node) as url, Deployment(url) as deployment:
                speeds.append(measure.router_among_per_s(deployment, EVENTS, listeners))
    few, many = median(found[FEW]), median(found[MANY])
    return [
        Figure(f"router alone, one match of {FEW} listeners: events", few, "1/s"),
        Figure(f"router alone, one match of {MANY:,} listeners: events", many, "1/s"),
        Figure("many / few", many / few, "x"),
    ]


def isolation(node: Node) -> list[Figure]:
    """p99 of nine listeners while the tenth answers, and while it swallows everything.

    In turn, several times, and medians: a p99 is at the mercy of whatever else the machine does.
    """
    healthy, blackholed = [], []
    for _ in range(ISOLATION_ROUNDS):
        with Receiver() as tenth:
            healthy.append(_p99_of_nine(node, tenth.url))
        with blackhole() as hole:
            blackholed.append(_p99_of_nine(node, hole))
    ratios = [bad / good for good, bad in zip(healthy, blackholed, strict=True)]
    return [
        Figure("p99 of nine listeners, all ten healthy", median(healthy), "ms"),
        Figure("p99 of nine listeners, the tenth a blackhole", median(blackholed), "ms"),
        Figure("ratio", median(ratios), "x"),
    ]


def replay(node: Node) -> list[Figure]:
    """Dead letters put back into their listener's queue, a second."""
    with virtual_host(node) as url, Deployment(url) as deployment:
        broker = RabbitBroker(url)
        broker.start()
        names = deployment.topology
        blocking.declare_all(
            broker, (*names.house(), *names.listener("joe"), *names.dead_letters("joe"))
        )
        letters = [
            Delivery.of("joe", amqp.encode(event)).given_up("10 attempts failed", "status 500", 0)
            for event in measure.events(DEAD_LETTERS)
        ]
        blocking.publish_all(broker, [(each, Address(names.dead, "joe")) for each in letters], 120)
        begin = time.monotonic()
        count = DeadLetters(broker, names).replay("joe").count
        seconds = time.monotonic() - begin
        broker.stop()
    return [Figure("dead letters replayed", count / seconds, "1/s")]


def memory(node: Node) -> list[Figure]:
    """Resident memory of router and delivery, by either sender, with many messages waiting."""
    figures: list[Figure] = []
    for kind in ("requests", "curl"):
        with (
            Receiver(delay_ms=1000) as slow,
            virtual_host(node) as url,
            Deployment(url, sender=kind) as deployment,
        ):
            idle, loaded = measure.memory_mib(deployment, slow, BACKLOG)
        for role in ("router", "deliver"):
            who = f"{role}, {kind}" if role == "deliver" else role
            if role == "router" and figures:
                continue  # it knows of no sender
            figures += [
                Figure(f"{who}: idle", idle[role], "MiB"),
                Figure(f"{who}: {BACKLOG:,} messages waiting", loaded[role], "MiB"),
                Figure(f"{who}: growth", loaded[role] - idle[role], "MiB"),
            ]
    return figures


def django(node: Node) -> list[Figure]:
    """What a hook costs a save, and how fast the relay is."""
    with project(), virtual_host(node) as url:
        from benchmarks.django_app import measure as app  # noqa: PLC0415  # once Django is set up

        return [*app.saves(), *app.relay(url)]


@contextlib.contextmanager
def blackhole() -> Iterator[str]:
    """The URL of a receiver that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as server:
        kept: list[socket.socket] = []

        def swallow() -> None:
            with contextlib.suppress(OSError):
                while True:
                    kept.append(server.accept()[0])

        threading.Thread(target=swallow, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        for connection in kept:
            connection.close()


def _p99_of_nine(node: Node, tenth_url: str) -> float:
    with virtual_host(node) as url, Deployment(url) as deployment, Receiver() as receiver:
        urls = [f"{receiver.url}/{number}" for number in range(9)]
        deployment.add_listeners([*urls, f"{tenth_url}/9"])
        stats = measure.steady(
            deployment, receiver, rate=ISOLATION_RATE, seconds=STEADY_S, fanout=9
        )
    assert stats.p99_ms is not None
    return stats.p99_ms


def _deliveries(deployment: Deployment, receiver: Receiver, fanout: int) -> Figure:
    speed = measure.deliveries(deployment, receiver, fanout=fanout, deliveries=DELIVERIES)
    return Figure(f"durian: deliveries, fan-out {fanout}", speed.per_s, "1/s")


def _latency(deployment: Deployment, receiver: Receiver, *, rate: float) -> list[Figure]:
    stats = measure.latency(deployment, receiver, rate=rate, seconds=STEADY_S)
    assert stats.p50_ms is not None
    assert stats.p99_ms is not None
    return [
        Figure("durian: latency at half load, p50", stats.p50_ms, "ms"),
        Figure("durian: latency at half load, p99", stats.p99_ms, "ms"),
    ]


def _ratios(durian: list[Figure], celery: list[Figure]) -> list[Figure]:
    """Durian's deliveries over Celery's, fan-out by fan-out."""
    ours = {each.figure.split(": ")[1]: each.value for each in durian}
    theirs = {each.figure.split(": ")[1]: each.value for each in celery}
    return [
        Figure(f"durian / celery: {name}", ours[name] / theirs[name], "x")
        for name in (f"deliveries, fan-out {fanout}" for fanout in FANOUTS)
    ]
