"""`make bench-pages`: how long web pages take with much in the registry, and with next to nothing.

Next to nothing is what fills a page: pages show as many rows of both, so that the ratio is what the
size costs. Both registries lie on SQLite, then both on a PostgreSQL, each beside an embedded broker
with the same events, and are asked over loopback one page after the other, in turns, so that a busy
machine is as busy for both.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from benchmarks.pages.seed import SEED, name_of, seed
from benchmarks.support import Figure, postgres, report
from durian.console.api.paging import encode
from durian.console.api.serve import Service, bind
from durian.consumers.delivery import webhook_id_of
from durian.registry.store import upgrade
from tests.support.api import Api

#: Listeners and attempts of a registry that is full.
LISTENERS = 10_000
ATTEMPTS = 1_000_000

#: Those of the other: a page of listeners, each with a few attempts.
FEW = (50, 500)

#: How figures end that tell of the processor: a busy machine blurs those the least.
_OF_CPU = ": of CPU"

#: Times that each page is asked for.
ROUNDS = 25

_ONE = f"/listeners/{name_of(0)}"
_ONE_DELIVERY = webhook_id_of("/bench", "e-0", name_of(0))

#: The pages, each with what is asked for within a second of opening it.
PAGES = (
    "/",
    "/?window=7d",
    "/listeners",
    "/listeners?search=number+0",
    "/listeners?state=disabled",
    "/listeners/new",
    "/listeners/new?event=person",
    _ONE,
    f"{_ONE}?window=7d",
    f"{_ONE}/filter",
    f"{_ONE}/settings",
    f"{_ONE}/dead",
    f"/deliveries/{_ONE_DELIVERY}",
    f"/deliveries/{_ONE_DELIVERY}/why",
    "/events",
    "/events?search=nowhere",
    "/events/one?id=e-0",
    "/events/one/listeners?id=e-0",
    f"/events/one/listeners?id=e-0&cursor={encode('others ')}",
    "/hooks",
    "/hooks/one?name=person",
    "/queues",
    "/jobs",
    "/settings",
    "/settings/tokens",
    "/settings/users",
    "/settings/audit",
)


class Took(NamedTuple):
    """Milliseconds that a page takes: until all of it is there, and of this process's processor."""

    ms: float
    #: Of who asks and who answers; a server of PostgreSQL computes elsewhere.
    cpu_ms: float


class Reader:
    """Somebody who is logged in."""

    def __init__(self, url: str, token: str) -> None:
        self._host = urlsplit(url).netloc
        self._headers: dict[str, str] = {}
        shown, _ = self._ask("GET", "/login")
        csrf = shown.split('name="csrf" value="')[1][:64]
        self._ask("POST", "/login", urlencode({"csrf": csrf, "token": token}))

    def time_ms(self, path: str) -> Took:
        """What a page takes."""
        return self._ask("GET", path)[1]

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[str, Took]:
        """What is answered, and what that takes on a connection that is open."""
        connection = HTTPConnection(self._host, timeout=120)
        connection.connect()
        begun, computed = time.perf_counter(), time.process_time()
        connection.request(method, f"/console{path}", body, self._headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        took = Took((time.perf_counter() - begun) * 1000, (time.process_time() - computed) * 1000)
        connection.close()
        assert answer.status in (200, 303), (path, answer.status, text[-500:])
        if cookie := answer.headers["set-cookie"]:
            self._headers = {"Cookie": cookie.partition(";")[0]}
        return text, took


@contextmanager
def reader(url: str, listeners: int, attempts: int) -> Iterator[Reader]:
    """A reader of a house of its own, whose registry is at a URL and empty."""
    upgrade(url)
    with ExitStack() as stack:
        api = stack.enter_context(Api(url))
        begun = time.perf_counter()
        token = seed(api, url, listeners, attempts)
        took_s = time.perf_counter() - begun
        kind = url.partition(":")[0]
        size = f"{listeners:,} listeners, {attempts:,} attempts"
        print(f"{kind}: seeded {size} in {took_s:.0f} s, seed {SEED}", flush=True)
        service = Service(api.app, bind("127.0.0.1", 0))
        # What waits is counted in the background while pages are asked for, as in a real house.
        for part in (api.backlog, service):
            stack.callback(part.stop)
            part.start()
        yield Reader(service.url, token)


@contextmanager
def _sqlite() -> Iterator[tuple[str, str]]:
    """The URLs of two registries on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/small.db", f"sqlite:///{folder}/full.db"


@contextmanager
def _postgres() -> Iterator[tuple[str, str]]:
    """Those of two on a PostgreSQL that is gone afterwards, set up as a plain one is."""
    with postgres() as server:
        small, full = (server.database_url(server.add_database()) for _ in range(2))
        yield small, full


#: What a registry may lie on.
DATABASES = {"sqlite": _sqlite, "postgresql": _postgres}


def main() -> None:
    """Measure, and report medians and their ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--listeners", type=int, default=LISTENERS)
    parser.add_argument("--attempts", type=int, default=ATTEMPTS)
    parser.add_argument("--database", choices=DATABASES, action="append")
    options = parser.parse_args()
    began, figures = time.monotonic(), []
    for database in options.database or DATABASES:
        with (
            DATABASES[database]() as (few, many),
            reader(few, *FEW) as small,
            reader(many, options.listeners, options.attempts) as full,
        ):
            gc.freeze()  # what was seeded is no garbage: looking through it is not the pages' work
            for path in PAGES:
                figures += _compare(f"{database} {path}", path, small, full)
    ratios = [one.value for one in figures if one.unit == "x"]
    computed = [one.value for one in figures if one.figure.endswith(_OF_CPU)]
    medians = [
        one.value for one in figures if one.unit == "ms" and not one.figure.endswith(_OF_CPU)
    ]
    figures.append(Figure("slowest page, median", max(medians), "ms"))
    figures.append(Figure("all pages, median of medians", statistics.median(medians), "ms"))
    figures.append(Figure("most CPU for a page, median", max(computed), "ms"))
    figures.append(Figure("largest ratio", max(ratios), "x"))
    report("pages", figures, time.monotonic() - began)


def _compare(name: str, path: str, small: Reader, full: Reader) -> list[Figure]:
    times = [(small.time_ms(path), full.time_ms(path)) for _ in range(ROUNDS)]
    before, now = (
        statistics.median(one.ms for one in column) for column in zip(*times, strict=True)
    )
    cpu = statistics.median(one.cpu_ms for _, one in times)
    print(f"  {name}: {now:.1f} ms, {now / before:.2f} x, {cpu:.1f} ms of CPU", flush=True)
    return [
        Figure(name, now, "ms"),
        Figure(f"{name}{_OF_CPU}", cpu, "ms"),
        Figure(f"{name}: over a small registry", now / before, "x"),
    ]


if __name__ == "__main__":
    main()
