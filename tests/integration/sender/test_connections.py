"""Connections are kept for their own listener only, and not for long."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from pathlib import Path

import pytest

from durian.consumers.sender import Sender, TlsOptions, send
from durian.consumers.sender.deadline import Deadline
from durian.consumers.sender.pools import Pools
from durian.consumers.sender.port import Outcome
from durian.consumers.sender.requests import RequestsSender
from durian.errors import InvalidSettings
from tests.integration.sender.conftest import request_to, resolve
from tests.support.certificates import authority, server_context
from tests.support.receivers import OK, Connection, Inbox, Received, Receiver
from tests.support.senders import Senders

LOOPBACK = [ip_network("127.0.0.0/8")]


def eventually(holds: Callable[[], bool]) -> bool:
    pause = threading.Event()
    return any(holds() or pause.wait(0.02) for _ in range(250)) and holds()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_listener_s_requests_share_a_connection(sender: Sender) -> None:
    inbox = Inbox()
    with Receiver(inbox) as receiver:
        for _ in range(5):
            assert send(sender, request_to(receiver.url())).status == 200
        assert (receiver.accepted, len(inbox.received)) == (1, 5)


def test_a_deadline_shuts_no_connection_that_somebody_else_may_have_by_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It passes in the moment after the answer, when the connection was given back."""
    end = Deadline.end

    def late(deadline: Deadline) -> bool:
        deadline.expire()
        return end(deadline)

    sender = RequestsSender(allowed_networks=LOOPBACK)
    with Receiver(Inbox()) as receiver:
        with monkeypatch.context() as patch:
            patch.setattr(Deadline, "end", late)
            assert send(sender, request_to(receiver.url())).kind == "timeout"
        assert send(sender, request_to(receiver.url())).status == 200
        assert receiver.accepted == 1
    sender.close()


def test_listeners_do_not_share_connections(sender: Sender) -> None:
    with Receiver(Inbox()) as receiver:
        for listener_id in ("a", "b", "a", "b"):
            send(sender, request_to(receiver.url(), listener_id=listener_id))
        assert receiver.accepted == 2


def test_a_response_sent_in_advance_is_never_read(sender: Sender) -> None:
    """What a receiver sends unasked must not become the response to the next request."""
    answered, poisoned = threading.Event(), threading.Event()

    def poison(connection: Connection) -> None:
        while connection.request() is not None:
            connection.send(OK)
            answered.wait(60)
            answered.clear()
            connection.send(b"HTTP/1.1 299 Poison\r\nContent-Length: 0\r\n\r\n")
            poisoned.set()

    with Receiver(poison) as receiver:
        for _ in range(3):
            assert send(sender, request_to(receiver.url())).status == 200
            answered.set()
            assert poisoned.wait(60)
            poisoned.clear()
        assert receiver.accepted == 3


def test_more_than_the_response_is_thrown_away(sender: Sender) -> None:
    with Receiver(Inbox(OK + b"HTTP/1.1 299 Poison\r\n\r\n")) as receiver:
        for _ in range(3):
            assert send(sender, request_to(receiver.url())).status == 200


def test_more_than_the_response_is_thrown_away_within_tls(sender: Sender, tmp_path: Path) -> None:
    """The rest of a TLS record waits above the socket, where polling does not see it."""
    poison = OK + b"HTTP/1.1 299 Poison\r\nContent-Length: 0\r\n\r\n" * 300
    context = server_context(authority().issue("receiver.test"), tmp_path)
    tls = TlsOptions(ca_pem=authority().pem)
    with Receiver(Inbox(poison), tls=context) as receiver:
        url = receiver.url("receiver.test")
        for _ in range(3):
            request = request_to(url, tls=tls)
            assert send(sender, request).status == 200
        assert receiver.accepted == 3


def test_a_connection_that_the_receiver_closed_is_not_used_again(sender: Sender) -> None:
    closed = threading.Event()

    def once(connection: Connection) -> None:
        connection.request()
        connection.send(OK)
        connection.sock.close()
        closed.set()

    with Receiver(once) as receiver:
        for _ in range(3):
            assert send(sender, request_to(receiver.url())).status == 200
            assert closed.wait(60)
            closed.clear()
        assert receiver.accepted == 3


def test_a_request_that_may_have_been_heard_is_not_sent_again(sender: Sender) -> None:
    """Its connection is one that was kept, and breaks off without a word."""
    heard: list[Received] = []

    def once(connection: Connection) -> None:
        while (request := connection.request()) is not None:
            heard.append(request)
            if len(heard) == 2:
                return
            connection.send(OK)

    with Receiver(once) as receiver:
        assert send(sender, request_to(receiver.url())).status == 200
        outcome = send(sender, request_to(receiver.url()))
        assert receiver.accepted == 1
    assert (outcome.kind, len(heard)) == ("error", 2)
    assert outcome.error == "the connection was closed without a response"


def test_a_body_that_was_not_read_to_its_end_costs_the_connection(sender: Sender) -> None:
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n" + b"a" * 50000
    with Receiver(Inbox(long)) as receiver:
        for _ in range(3):
            assert send(sender, request_to(receiver.url())).status == 200
        assert receiver.accepted == 3


def test_many_threads_use_one_sender(sender: Sender) -> None:
    inboxes = [Inbox(f"HTTP/1.1 20{n} X\r\nContent-Length: 0\r\n\r\n".encode()) for n in range(5)]
    receivers = [Receiver(inbox) for inbox in inboxes]
    for receiver in receivers:
        receiver.__enter__()

    def post(number: int) -> Outcome | None:
        which = number % 5
        url = receivers[which].url()
        outcome = send(sender, request_to(url, listener_id=f"l{which}"))
        return None if outcome.status == 200 + which else outcome

    with ThreadPoolExecutor(16) as pool:
        assert [wrong for wrong in pool.map(post, range(500)) if wrong is not None] == []
    assert [len(inbox.received) for inbox in inboxes] == [100] * 5
    for receiver in receivers:
        assert receiver.accepted <= 16
        receiver.__exit__(None, None, None)


def test_forgetting_a_listener_closes_its_connections(sender: Sender) -> None:
    with Receiver(Inbox()) as receiver:
        send(sender, request_to(receiver.url()))
        before = open_files()
        sender.forget("listener-a")
        # The receiver's end is in this process too.
        assert eventually(lambda: open_files() == before - 2)
        send(sender, request_to(receiver.url()))
        assert receiver.accepted == 2


def test_idle_connections_are_closed(senders: Senders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(senders.module, "_SWEEP_EVERY_S", 0.02)
    monkeypatch.setattr(senders.module, "Pools", lambda make, **_: Pools(make, idle_s=0.05))
    sender = senders(allowed_networks=LOOPBACK)
    with Receiver(Inbox()) as receiver:
        send(sender, request_to(receiver.url()))
        assert len(sender._pools) == 1
        assert eventually(lambda: len(sender._pools) == 0)
        send(sender, request_to(receiver.url()))
        assert receiver.accepted == 2


def test_few_pools_are_kept_however_many_listeners_there_are(
    senders: Senders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(senders.module, "Pools", lambda make, **_: Pools(make, most=4))
    sender = senders(allowed_networks=LOOPBACK)
    with Receiver(Inbox()) as receiver:
        for number in range(20):
            send(sender, request_to(receiver.url(), listener_id=f"l{number}"))
        assert len(sender._pools) == 4
        send(sender, request_to(receiver.url(), listener_id="l19"))
        assert receiver.accepted == 20
        send(sender, request_to(receiver.url(), listener_id="l0"))
        assert receiver.accepted == 21


def test_closing_gives_all_files_and_threads_back(senders: Senders) -> None:
    senders(allowed_networks=LOOPBACK).close()  # what it needs around it stays
    files, threads = open_files(), threading.active_count()
    with Receiver(Inbox()) as receiver:
        sender = senders(allowed_networks=LOOPBACK, resolver=resolve)
        for number in range(5):
            url = receiver.url("receiver.test")
            assert send(sender, request_to(url, listener_id=f"l{number}")).status == 200
        sender.close()
        sender.close()
    assert eventually(lambda: open_files() <= files)
    assert eventually(lambda: threading.active_count() <= threads)


class Proxy:
    """A forwarding proxy, as much as the tests need: it answers itself, or tunnels."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []

    def __call__(self, connection: Connection) -> None:
        request = connection.request()
        assert request is not None
        self.heads.append(request.head)
        if not request.head.startswith(b"CONNECT"):
            connection.send(OK)
            return
        host, port = request.head.split()[1].decode().split(":")
        self._tunnel(connection, int(port), host)

    def _tunnel(self, connection: Connection, port: int, host: str) -> None:
        assert host == "receiver.test"
        with socket.create_connection(("127.0.0.1", port)) as server:
            connection.send(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=_copy, args=(server, connection.sock), daemon=True)
            back.start()
            _copy(connection.sock, server)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def test_an_egress_proxy_carries_http_and_https(senders: Senders, tmp_path: Path) -> None:
    proxy = Proxy()
    certificate = authority().issue("receiver.test")
    inbox = Inbox()
    with (
        Receiver(proxy) as proxying,
        Receiver(inbox, tls=server_context(certificate, tmp_path)) as receiver,
    ):
        url = f"http://me:s%2Fcr%40t@127.0.0.1:{proxying.port}"
        sender = senders(proxy_url=url, resolver=_never)
        plain = send(sender, request_to("http://inner.test/hook?a=b"))
        tls = TlsOptions(ca_pem=authority().pem)
        secure = send(
            sender,
            request_to(receiver.url("receiver.test"), tls=tls),
        )
        literal = send(sender, request_to("http://169.254.169.254/"))
        sender.close()
    assert plain.status == secure.status == 200
    assert literal.kind == "blocked"
    assert proxy.heads[0].startswith(b"POST http://inner.test/hook?a=b HTTP/1.1\r\n")
    assert proxy.heads[1].startswith(f"CONNECT receiver.test:{receiver.port} ".encode())
    assert all(b"Basic bWU6cy9jckB0" in head for head in proxy.heads)
    assert inbox.received[0].header("proxy-authorization") is None


def _never(_host: str) -> list[str]:
    raise AssertionError("the proxy resolves names")


def test_a_proxy_that_is_down_is_a_refusal(senders: Senders) -> None:
    with Receiver(Inbox()) as receiver:
        url = f"http://127.0.0.1:{receiver.port}"
    sender = senders(proxy_url=url)
    assert send(sender, request_to("http://inner.test/")).kind == "refused"
    assert send(sender, request_to("https://inner.test/")).kind == "refused"
    sender.close()


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:1080", "proxy:3128", "http://", "http://[/"])
def test_a_proxy_that_cannot_be_read_is_refused(senders: Senders, url: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        senders(proxy_url=url)
    assert caught.value.field == "DURIAN_PROXY_URL"
