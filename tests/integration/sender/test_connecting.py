"""Lookups and connects end in time, whatever name servers and networks do."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network

import pytest

from durian.consumers.sender import Outcome, send
from tests.integration.sender.conftest import BOUND_S, PATIENT_S, request_to
from tests.support.receivers import Inbox, Receiver
from tests.support.senders import Senders

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]


class Hang:
    """A name server that does not answer until the test says so, or has ended."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self.end = self._ended.set

    def __call__(self) -> None:
        self._ended.wait(60)


@pytest.fixture
def hang() -> Iterator[Hang]:
    hang = Hang()
    yield hang
    hang.end()


def post(
    senders: Senders,
    url: str,
    resolver: Callable[[str], Sequence[str]],
    connect_timeout_s: float = PATIENT_S,
) -> tuple[Outcome, float]:
    sender = senders(allowed_networks=LOOPBACK, resolver=resolver)
    started = time.monotonic()
    outcome = send(sender, request_to(url, connect_timeout_s=connect_timeout_s))
    took_s = time.monotonic() - started
    return outcome, took_s


def test_a_closed_port_is_refused(senders: Senders) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    outcome, _ = post(senders, f"http://127.0.0.1:{port}/", lambda _: [])
    assert (outcome.kind, outcome.error) == ("refused", "nothing listens there")


@pytest.mark.parametrize(
    "code",
    [socket.EAI_NONAME, socket.EAI_AGAIN, socket.EAI_FAIL],
    ids=["nxdomain", "again", "fail"],
)
def test_an_error_of_the_name_server_is_a_dns_failure(senders: Senders, code: int) -> None:
    def resolve(_: str) -> Sequence[str]:
        raise socket.gaierror(code, socket.gaierror(code).strerror or "failure")

    outcome, _ = post(senders, "http://name.test/", resolve)
    assert outcome.kind == "dns"


def test_a_silent_name_server_costs_the_connect_timeout(senders: Senders, hang: Hang) -> None:
    def resolve(_: str) -> Sequence[str]:
        hang()
        return ["127.0.0.1"]

    outcome, took_s = post(senders, "http://name.test/", resolve, connect_timeout_s=0.2)
    assert (outcome.kind, outcome.error) == ("dns", "no answer to the name lookup in time")
    assert took_s < BOUND_S


def test_a_dead_name_holds_one_thread_and_leaves_others_alone(senders: Senders, hang: Hang) -> None:
    asked: list[str] = []

    def resolve(host: str) -> Sequence[str]:
        asked.append(host)
        if host == "dead.test":
            hang()
        return ["127.0.0.1"]

    sender = senders(allowed_networks=LOOPBACK, resolver=resolve)
    with Receiver(Inbox()) as receiver, ThreadPoolExecutor(32) as pool:
        dead = [pool.submit(send, sender, request_to(receiver.url("dead.test"))) for _ in range(31)]
        good = pool.submit(send, sender, request_to(receiver.url("good.test"))).result()
        assert not any(attempt.done() for attempt in dead)
        hang.end()
        assert good.status == 200
        assert {attempt.result().status for attempt in dead} == {200}
    assert asked.count("dead.test") == 1


def test_a_second_address_is_tried_when_the_first_is_closed(senders: Senders) -> None:
    with Receiver(Inbox()) as receiver:
        outcome, _ = post(senders, receiver.url("two.test"), lambda _: ["127.0.0.9", "127.0.0.1"])
    assert outcome.status == 200


def test_ipv6_is_dialled(senders: Senders) -> None:
    with Receiver(Inbox(), host="::1") as receiver:
        outcome, _ = post(senders, receiver.url("six.test"), lambda _: ["::1"])
        literal, _ = post(senders, receiver.url("[::1]"), lambda _: [])
    assert outcome.status == literal.status == 200


def test_a_network_that_swallows_packets_costs_the_connect_timeout(
    senders: Senders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full backlog stands in for it: the kernel drops what would be the next connection."""
    dialled: list[str] = []
    senders.replace_connecting(monkeypatch, dialled.append)
    with _full_backlog() as port:
        outcome, took_s = post(
            senders, f"http://hole.test:{port}/", lambda _: ["127.0.0.1"] * 8, connect_timeout_s=0.3
        )
    assert (outcome.kind, outcome.error) == ("timeout", "no connection in time")
    assert took_s < BOUND_S
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


def test_a_name_that_rebinds_is_checked_again_at_its_next_connection(senders: Senders) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    sender = senders(allowed_networks=LOOPBACK, resolver=lambda _: next(answers))
    with Receiver(
        Inbox(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    ) as receiver:
        first = send(sender, request_to(receiver.url("rebinding.test")))
        second = send(sender, request_to(receiver.url("rebinding.test")))
    assert (first.status, second.kind) == (200, "blocked")
