"""What is kept of a response: its status, and of the rest a bounded, harmless part."""

from __future__ import annotations

import gzip
import http.client
import io
from ipaddress import ip_network
from pathlib import Path

import pytest

from durian.consumers.sender import Sender, send
from durian.events import Event, amqp
from durian.events.http import binary_headers
from tests.integration.sender.conftest import PATIENT_S, request_to
from tests.support.receivers import Connection, Inbox, Receiver, answering, echoing
from tests.support.senders import Senders

SIGNATURE = "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="


def response(head: str, body: bytes = b"") -> bytes:
    return f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n\r\n".encode("latin-1") + body


def test_a_request_arrives_as_it_was_given(sender: Sender) -> None:
    inbox = Inbox()
    body = bytes(range(256)) * 300
    headers = {"Content-Type": "application/json", "webhook-signature": SIGNATURE, "X-Tab": "a\tb"}
    with Receiver(inbox) as receiver:
        outcome = send(
            sender, request_to(receiver.url("receiver.test"), headers=headers, body=body)
        )
        host = f"receiver.test:{receiver.port}"
    assert outcome.status == 200
    (received,) = inbox.received
    assert received.body == body
    assert received.head.startswith(b"POST /hook HTTP/1.1\r\n")
    assert received.header("host") == host
    assert received.header("content-length") == str(len(body))
    assert received.header("accept-encoding") == "identity"
    for name, value in headers.items():
        assert received.header(name) == value
    names = [line.split(b":")[0].lower() for line in received.head.split(b"\r\n")[1:]]
    assert len(names) == len(set(names))
    assert set(names) - {name.lower().encode() for name in headers} <= {
        *(b"host", b"content-length", b"accept-encoding", b"user-agent"),
    }


def test_an_empty_body_has_a_length(sender: Sender) -> None:
    inbox = Inbox()
    with Receiver(inbox) as receiver:
        send(sender, request_to(receiver.url(), body=b""))
    assert inbox.received[0].header("content-length") == "0"


def test_status_headers_and_body_are_kept(sender: Sender) -> None:
    with Receiver(answering(response("404 Not Here\r\nX-A: b\r\nX-A: c", b"no such hook"))) as bad:
        outcome = send(sender, request_to(bad.url()))
    assert (outcome.status, outcome.response_body, outcome.ok) == (404, b"no such hook", False)
    assert outcome.response_headers == (("X-A", "b"), ("X-A", "c"), ("Content-Length", "12"))
    assert 0 < outcome.latency_s < PATIENT_S


@pytest.mark.parametrize(
    ("head", "seconds"),
    [
        ("429 Slow\r\nRetry-After: 120", 120.0),
        ("429 Slow\r\nRetry-After: 99999999999999", 99999999999999.0),
        ("429 Slow\r\nRetry-After: soon", None),
        ("503 Busy\r\nRetry-After: 5\r\nRetry-After: 9", 5.0),
        ("503 Busy", None),
        ("200 OK\r\nRetry-After: Fri, 15 Jan 2027 08:02:00 GMT", 120.0),
    ],
)
def test_retry_after_is_read(senders: Senders, head: str, seconds: float | None) -> None:
    sender = senders(allowed_networks=[ip_network("127.0.0.0/8")], now=lambda: 1_800_000_000.0)
    with Receiver(answering(response(head))) as receiver:
        outcome = send(sender, request_to(receiver.url()))
    assert outcome.retry_after_s == seconds


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_redirects_are_not_followed(sender: Sender, status: int) -> None:
    inbox = Inbox()
    with Receiver(inbox) as target:
        redirect = response(f"{status} There\r\nLocation: {target.url()}")
        with Receiver(answering(redirect)) as receiver:
            outcome = send(sender, request_to(receiver.url()))
        assert target.accepted == 0
    assert outcome.status == status


def test_cookies_are_neither_kept_nor_sent(sender: Sender) -> None:
    inbox = Inbox(response("200 OK\r\nSet-Cookie: a=b; Path=/"))
    with Receiver(inbox) as receiver:
        for _ in range(2):
            send(sender, request_to(receiver.url()))
    assert [request.header("cookie") for request in inbox.received] == [None, None]


def test_the_environment_is_not_used(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    inbox = Inbox()
    with Receiver(inbox) as receiver:
        assert send(sender, request_to(receiver.url())).status == 200
    assert inbox.received[0].header("authorization") is None


def test_a_compressed_body_stays_compressed(sender: Sender) -> None:
    bomb = gzip.compress(b"\x00" * 10_000_000)
    with Receiver(answering(response("200 OK\r\nContent-Encoding: gzip", bomb))) as receiver:
        outcome = send(sender, request_to(receiver.url()))
    assert outcome.response_body == bomb


def test_a_long_body_is_cut(sender: Sender) -> None:
    with Receiver(answering(response("200 OK", b"a" * 100_000))) as receiver:
        outcome = send(sender, request_to(receiver.url()))
    assert outcome.response_body == b"a" * 16384


def test_many_headers_are_cut(sender: Sender) -> None:
    lines = "\r\n".join(f"X-{number}: {'v' * 1000}" for number in range(40))
    with Receiver(answering(response(f"200 OK\r\n{lines}"))) as receiver:
        outcome = send(sender, request_to(receiver.url()))
    size = sum(len(name) + len(value) for name, value in outcome.response_headers)
    assert 15_000 < size <= 16_384


def test_control_characters_do_not_get_through(sender: Sender) -> None:
    answer = response("500 \x1b[2JNo\x07\x01\r\nX-A: \x1b[31mred\x9b", b"\x1b[2J\r\nbody")
    with Receiver(answering(answer)) as receiver:
        outcome = send(sender, request_to(receiver.url()))
    assert outcome.status == 500
    assert dict(outcome.response_headers)["X-A"] == "[31mred"
    assert outcome.error == ""


def test_echoed_secrets_are_redacted(sender: Sender) -> None:
    headers = {
        "webhook-id": "msg_1",
        "webhook-signature": SIGNATURE,
        "Authorization": "Bearer s3cr3t-t0k3n",
    }
    with Receiver(echoing(headers)) as receiver:
        outcome = send(sender, request_to(receiver.url(), headers=headers))
    text = outcome.response_body.decode() + repr(outcome.response_headers)
    assert "msg_1" in text
    assert "[redacted]" in text
    assert "K5oZfzN95Z9" not in text
    assert "s3cr3t" not in text


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A": "caf\u00e9"},
        {"X-A": "\u4f8b"},
        {"X-A": "b\r\nHost: evil"},
        {"X-A": "b\x00"},
        {"X-\u00e9": "a"},
        {"Host": "evil"},
        {"content-length": "5"},
        {"Transfer-Encoding": "chunked"},
        {"": "a"},
        {"X A": "b"},
        {"X:A": "b"},
    ],
)
def test_a_header_that_would_break_the_request_is_not_sent(
    sender: Sender, headers: dict[str, str]
) -> None:
    inbox = Inbox()
    with Receiver(inbox) as receiver:
        outcome = send(sender, request_to(receiver.url(), headers=headers))
    assert outcome.kind == "error"
    assert outcome.error
    assert not inbox.received


def test_a_receiver_that_refuses_a_body_early_is_heard(sender: Sender) -> None:
    """It answers and closes while we are still sending."""
    with Receiver(_early) as receiver:
        outcome = send(sender, request_to(receiver.url(), body=b"a" * 5_000_000))
    assert (outcome.kind, outcome.status) in {("response", 413), ("error", None)}


def _early(connection: Connection) -> None:
    connection.sock.recv(1000)
    connection.send(response("413 Too Large"))


def test_the_standard_library_still_needs_our_strictness() -> None:
    """When this fails, response.py may be simplified: a cut head is then no longer a success."""

    class Wire:
        def makefile(self, _mode: str) -> io.BytesIO:
            return io.BytesIO(b"HTTP/1.1 200 OK\r\nContent-Le")

    plain = http.client.HTTPResponse(Wire())  # type: ignore[arg-type]  # as much as it uses
    plain.begin()
    assert plain.status == 200


def test_the_longest_name_of_an_attribute_is_sent(sender: Sender) -> None:
    event = Event(type="person", extensions={"a" * 64: "b"})
    inbox = Inbox()
    with Receiver(inbox) as receiver:
        headers = binary_headers(amqp.encode(event))
        assert send(sender, request_to(receiver.url(), headers=headers)).status == 200
    assert inbox.received[0].header("ce-" + "a" * 64) == "b"
