"""What every benchmark needs: facts of the machine, a broker, a table, a file of results."""

from __future__ import annotations

import contextlib
import json
import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.receiver import Stats
from tests.support.postgres import PrivateServer, find_programs
from tests.support.rabbitmq import Node, PrivateNode, find_server

#: Where results are written, one file a benchmark.
RESULTS = Path(__file__).parent / "results"

#: Packages whose versions matter to every figure.
PACKAGES = ("durian", "pika", "kombu", "requests", "pycurl", "celery")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number."""

    #: What was measured, such as `celery: deliveries at fan-out 10`.
    figure: str
    value: float
    #: Such as `1/s` or `ms`.
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How fast deliveries went."""

    #: Deliveries a second.
    per_s: float
    #: Milliseconds of processor time of whoever delivers, for each.
    cpu_ms: float


def speed(stats: Stats, begin: float, used_s: float, *, events: int = 1) -> Speed:
    """Tell the speed since a moment, when each request brought so many events."""
    received = stats.received * events
    return Speed(per_s=received / (stats.last_at - begin), cpu_ms=used_s / received * 1000)


def report(name: str, figures: Sequence[Figure], took_s: float, **more_versions: str) -> None:
    """Print figures as a table and write them to `results/NAME.json`, with how long it took."""
    print_table(name, figures)
    write_results(name, figures, took_s, **more_versions)


def print_table(title: str, figures: Sequence[Figure]) -> None:
    """Print figures as a table, numbers to three digits that count."""
    width = max((len(figure.figure) for figure in figures), default=0)
    print(f"\n{title}  ({machine()})")
    for figure in figures:
        print(f"  {figure.figure:<{width}}  {readable(figure.value):>10}  {figure.unit}")


def write_results(
    name: str, figures: Sequence[Figure], took_s: float, **more_versions: str
) -> Path:
    """Write figures with machine and versions, replacing those of an earlier run."""
    facts = {
        "machine": machine(),
        "versions": versions() | more_versions,
        "took_s": round(took_s),
    }
    rows = [
        {"figure": figure.figure, "value": figure.value, "unit": figure.unit, **facts}
        for figure in figures
    ]
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    return path


def readable(value: float) -> str:
    """Write a number for a table: three digits that count, thousands apart."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def machine() -> str:
    """Describe processor, cores, memory and system in one line."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{_processor()}, {cores} cores, {memory:.0f} GiB, {platform.system()}"


def versions() -> dict[str, str]:
    """Name the versions of Python and of the packages that matter."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


@contextlib.contextmanager
def broker() -> Iterator[Node]:
    """Run a private RabbitMQ node, or use the one `DURIAN_TEST_AMQP_URL` names."""
    given = os.environ.get("DURIAN_TEST_AMQP_URL")
    if given:
        yield Node(given, api_port=15672)
        return
    server = find_server()
    if server is None:
        raise SystemExit("no RabbitMQ: install rabbitmq-server, or set DURIAN_TEST_AMQP_URL")
    node = PrivateNode(server)
    try:
        node.start()
        yield node
    finally:
        node.remove()


@contextlib.contextmanager
def postgres() -> Iterator[PrivateServer]:
    """Run a private PostgreSQL, set up as it comes: what is committed is on the disk."""
    programs = find_programs()
    if programs is None:
        raise SystemExit("no PostgreSQL: install its server")
    server = PrivateServer(programs, settings=())
    try:
        server.start()
        yield server
    finally:
        server.remove()


@contextlib.contextmanager
def virtual_host(node: Node) -> Iterator[str]:
    """Tell the AMQP URL of a virtual host that is gone afterwards."""
    vhost = node.add_vhost()
    try:
        yield node.vhost_url(vhost)
    finally:
        node.delete_vhost(vhost)


def broker_version(node: Node) -> str:
    """Ask the broker for its version."""
    overview = node.api("GET", "/overview")
    assert isinstance(overview, dict)
    return str(overview["rabbitmq_version"])


def broker_group(node: Node) -> int:
    """Tell the process group of a broker of our own, for what is to be known of its processes."""
    if not isinstance(node, PrivateNode):
        raise SystemExit("this suite looks into the broker: leave DURIAN_TEST_AMQP_URL unset")
    return node.group


def cpu_seconds(group: int) -> float:
    """Tell the processor time that a process group has used so far: load blurs it the least."""
    # Fields after the name, which may hold anything: 11 and 12 are its time.
    ticks = sum(int(fields[11]) + int(fields[12]) for fields in _members(group))
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_mib(group: int) -> float:
    """Tell how much memory the processes of a group hold, in MiB."""
    pages = sum(int(fields[21]) for fields in _members(group))
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _members(group: int) -> Iterator[list[str]]:
    """What the system tells of each process of a group (proc(5), stat), from its state on."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has just ended
            fields = entry.read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(fields[2]) == group:
                yield fields


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
