"""Lookups and connects end in time, whatever name servers and networks do."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network

import pytest

from durian.consumers.sender import Outcome, connection
from durian.consumers.sender.requests import RequestsSender
from tests.integration.sender.conftest import DEADLINE_S, SLACK_S, request_to
from tests.support.receivers import Inbox, Receiver

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]

#: Waits until the test has ended: a name server that does not answer.
Hang = Callable[[], None]


@pytest.fixture
def hang() -> Iterator[Hang]:
    ended = threading.Event()
    yield lambda: _wait(ended)
    ended.set()


def _wait(ended: threading.Event) -> None:
    ended.wait(30)


def post(
    url: str, resolver: Callable[[str], Sequence[str]], connect_timeout_s: float = DEADLINE_S
) -> tuple[Outcome, float]:
    sender = RequestsSender(allowed_networks=LOOPBACK, resolver=resolver)
    started = time.monotonic()
    outcome = sender.send(request_to(url, connect_timeout_s=connect_timeout_s))
    took_s = time.monotonic() - started
    sender.close()
    return outcome, took_s


def test_a_closed_port_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    outcome, _ = post(f"http://127.0.0.1:{port}/", lambda _: [])
    assert (outcome.kind, outcome.error) == ("refused", "no connection: connection refused")


@pytest.mark.parametrize(
    "code",
    [socket.EAI_NONAME, socket.EAI_AGAIN, socket.EAI_FAIL],
    ids=["nxdomain", "again", "fail"],
)
def test_an_error_of_the_name_server_is_a_dns_failure(code: int) -> None:
    def resolve(_: str) -> Sequence[str]:
        raise socket.gaierror(code, socket.gaierror(code).strerror or "failure")

    outcome, _ = post("http://name.test/", resolve)
    assert outcome.kind == "dns"


def test_a_silent_name_server_costs_the_connect_timeout(hang: Hang) -> None:
    def resolve(_: str) -> Sequence[str]:
        hang()
        return ["127.0.0.1"]

    outcome, took_s = post("http://name.test/", resolve, connect_timeout_s=0.2)
    assert (outcome.kind, outcome.error) == ("dns", "no answer to the name lookup in time")
    assert took_s < 0.2 + SLACK_S


def test_a_dead_name_holds_one_thread_and_leaves_others_alone(hang: Hang) -> None:
    asked: list[str] = []

    def resolve(host: str) -> Sequence[str]:
        asked.append(host)
        if host == "dead.test":
            hang()
        return ["127.0.0.1"]

    sender = RequestsSender(allowed_networks=LOOPBACK, resolver=resolve)
    with Receiver(Inbox()) as receiver, ThreadPoolExecutor(32) as pool:
        dead = [pool.submit(sender.send, request_to("http://dead.test/")) for _ in range(31)]
        good = pool.submit(sender.send, request_to(receiver.url("good.test"))).result()
        assert good.status == 200
        assert good.latency_s < DEADLINE_S
        assert {attempt.result().kind for attempt in dead} <= {"dns", "timeout"}
    sender.close()
    assert asked.count("dead.test") == 1


def test_a_second_address_is_tried_when_the_first_is_closed() -> None:
    with Receiver(Inbox()) as receiver:
        outcome, _ = post(receiver.url("two.test"), lambda _: ["127.0.0.9", "127.0.0.1"])
    assert outcome.status == 200


def test_ipv6_is_dialled() -> None:
    with Receiver(Inbox(), host="::1") as receiver:
        outcome, _ = post(receiver.url("six.test"), lambda _: ["::1"])
        literal, _ = post(receiver.url("[::1]"), lambda _: [])
    assert outcome.status == literal.status == 200


def test_a_network_that_swallows_packets_costs_the_connect_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A full backlog stands in for it: the kernel drops what would be the next connection."""
    dialled: list[str] = []
    connect = connection._connect

    def noting(address: str, port: int, timeout_s: float) -> socket.socket:
        dialled.append(address)
        return connect(address, port, timeout_s)

    monkeypatch.setattr(connection, "_connect", noting)
    with _full_backlog() as port:
        outcome, took_s = post(
            f"http://hole.test:{port}/", lambda _: ["127.0.0.1"] * 8, connect_timeout_s=0.3
        )
    assert (outcome.kind, outcome.error) == ("timeout", "no connection in time")
    assert took_s < 0.3 + SLACK_S
    assert len(dialled) == 4


class _full_backlog:  # noqa: N801 - reads as the function it replaces
    """A listening socket whose backlog is full."""

    def __enter__(self) -> int:
        self._server = socket.socket()
        self._server.bind(("127.0.0.1", 0))
        self._server.listen(0)
        port: int = self._server.getsockname()[1]
        self._fillers = [socket.socket() for _ in range(4)]
        for filler in self._fillers:
            filler.settimeout(0)
            filler.connect_ex(("127.0.0.1", port))
        return port

    def __exit__(self, *_: object) -> None:
        for sock in [self._server, *self._fillers]:
            sock.close()


def test_a_name_that_rebinds_is_checked_again_at_its_next_connection() -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    sender = RequestsSender(allowed_networks=LOOPBACK, resolver=lambda _: next(answers))
    with Receiver(
        Inbox(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    ) as receiver:
        first = sender.send(request_to(receiver.url("rebinding.test")))
        second = sender.send(request_to(receiver.url("rebinding.test")))
    sender.close()
    assert (first.status, second.kind) == (200, "blocked")
