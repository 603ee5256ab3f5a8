"""A listening endpoint receives, verifies, answers as told, and shows nothing dangerous."""

from __future__ import annotations

import http.client
import random
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest

from durian.console.endpoint import Arrival, Endpoint, Mood, Verify
from durian.console.endpoint.forward import Forward
from durian.console.endpoint.server import MAX_BODY_BYTES
from durian.console.endpoint.show import ONE_LINE, SHOWN_BODY, show
from durian.console.endpoint.verify import verify_by_secrets
from durian.errors import InvalidInput, InvalidSettings
from durian.signature import new_secret, sign

NOW = 1_800_000_000


@contextmanager
def listening(
    *, verify: Verify | None = None, mood: Mood | None = None, forward: Forward | None = None
) -> Iterator[tuple[str, list[Arrival]]]:
    """An endpoint on a free port, and what arrives there."""
    arrivals: list[Arrival] = []
    endpoint = Endpoint(
        "127.0.0.1",
        0,
        verify=verify or verify_by_secrets(()),
        answers=mood or Mood(),
        on_arrival=arrivals.append,
        forward=forward,
    )
    endpoint.start()
    try:
        yield endpoint.url, arrivals
    finally:
        endpoint.stop()


def post(url: str, body: bytes = b"{}", headers: dict[str, str] | None = None) -> int:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        connection.request("POST", "/hook", body=body, headers=headers or {})
        return connection.getresponse().status
    finally:
        connection.close()


def signed(secret: str, body: bytes, at: int = NOW) -> dict[str, str]:
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(at),
        "webhook-signature": sign([secret], "msg_1", at, body),
    }


def test_a_request_arrives_as_it_was_sent() -> None:
    with listening() as (url, arrivals):
        assert post(url, b'{"name":"Joe"}', {"X-One": "1"}) == 200
    (arrival,) = arrivals
    assert (arrival.method, arrival.path, arrival.body) == ("POST", "/hook", b'{"name":"Joe"}')
    assert arrival.header("x-one") == "1"
    assert arrival.verified is None
    assert arrival.to_json()["answered"] == 200


def test_a_right_signature_is_verified() -> None:
    secret, body = new_secret(), b'{"name":"Joe"}'
    with listening(verify=verify_by_secrets([secret], lambda: NOW)) as (url, arrivals):
        post(url, body, signed(secret, body))
    assert (arrivals[0].verified, arrivals[0].reason) == (True, "")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda headers: headers | {"webhook-id": "msg_2"}, "is right by our secrets"),
        (lambda headers: headers | {"webhook-timestamp": str(NOW - 301)}, "in the past"),
        (lambda _headers: {}, "webhook-id is missing"),
    ],
)
def test_a_wrong_signature_is_told_with_its_reason(
    change: Callable[[dict[str, str]], dict[str, str]], reason: str
) -> None:
    secret = new_secret()
    with listening(verify=verify_by_secrets([secret], lambda: NOW)) as (url, arrivals):
        post(url, b"{}", change(signed(secret, b"{}")))
    assert arrivals[0].verified is False
    assert reason in arrivals[0].reason


def test_a_secret_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(InvalidInput, match="secret"):
        verify_by_secrets(["hunter2"])


def test_it_fails_as_often_as_told_and_the_same_way_for_the_same_seed() -> None:
    def play() -> list[int]:
        mood = Mood(status=202, fail_rate=0.5, rng=random.Random(7))
        return [mood.next_status("/") for _ in range(200)]

    first = play()
    assert first == play()
    assert set(first) == {202, 503}
    assert 60 < first.count(503) < 140


def test_an_answer_without_a_body_is_complete() -> None:
    with listening(mood=Mood(status=204)) as (url, arrivals):
        assert [post(url), post(url)] == [204, 204]
    assert [arrival.number for arrival in arrivals] == [1, 2]


def test_a_delayed_answer_is_given_at_once_when_it_stops() -> None:
    asked = threading.Event()

    def verify(_path: str, _headers: Mapping[str, str], _body: bytes) -> None:
        asked.set()

    with ExitStack() as until_the_end:
        with listening(verify=verify, mood=Mood(delay_s=3600)) as (url, _):
            address = urlsplit(url)
            client = until_the_end.enter_context(
                socket.create_connection((address.hostname, address.port or 0), timeout=5)
            )
            client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            assert asked.wait(5)
        assert client.recv(100).split()[1] == b"200"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"411"),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1),
            b"413",
        ),
        (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"200"),
    ],
)
def test_what_is_no_webhook_is_answered_and_not_told(head: bytes, status: bytes) -> None:
    with listening() as (url, arrivals):
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port or 0), timeout=5) as client:
            client.sendall(head)
            assert client.recv(100).split()[1] == status
    assert arrivals == []


def test_an_address_that_is_taken_is_one_clear_error() -> None:
    with listening() as (url, _), pytest.raises(InvalidSettings, match="cannot listen there"):
        Endpoint(
            "127.0.0.1",
            urlsplit(url).port or 0,
            verify=verify_by_secrets(()),
            answers=Mood(),
            on_arrival=lambda _arrival: None,
        )


def test_escape_sequences_of_a_payload_are_shown_not_obeyed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(arrival(body=b"\x1b[31mred\x07 \xff", headers=(("X", "\x1b]0;title\x07"),)))
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "\x07" not in printed
    assert r"\x1b[31mred\x07 \xff" in printed
    assert r"\x1b]0;title\x07" in printed


def test_a_body_is_shown_readably(capsys: pytest.CaptureFixture[str]) -> None:
    show(arrival(body=b'{"name":"Zo\xc3\xab"}', verified=True))
    show(arrival(body=b'{"name":"Zo\xc3\xab","more":"%s"}' % (b"y" * ONE_LINE)))
    show(arrival(body=b"x" * (SHOWN_BODY + 5)))
    printed = capsys.readouterr().out
    assert '    {"name":"Zoë"}' in printed
    assert '      "name": "Zoë",' in printed
    assert "signature verified" in printed
    assert "... 5 characters more" in printed


def arrival(
    *, body: bytes, headers: tuple[tuple[str, str], ...] = (), verified: bool | None = None
) -> Arrival:
    return Arrival(
        number=1,
        at=NOW,
        method="POST",
        path="/hook",
        headers=headers,
        body=body,
        verified=verified,
        reason="",
        answered=200,
    )


def test_a_webhook_is_passed_on_as_it_came_and_answered_as_the_program_does() -> None:
    body = b'{"name":"Joe"}'
    with ExitStack() as stack:
        program, there = stack.enter_context(listening(mood=Mood(status=418)))
        forward = Forward(f"{program}/webhooks?a=1")
        url, here = stack.enter_context(listening(forward=forward))
        assert post(url, body, {"X-One": "1", "webhook-id": "msg_1"}) == 418
    (passed,), (arrived,) = there, here
    assert (passed.path, passed.body) == ("/webhooks?a=1", body)
    assert (passed.header("x-one"), passed.header("webhook-id")) == ("1", "msg_1")
    assert passed.header("host") == urlsplit(program).netloc
    assert arrived.answered == 418


def test_a_program_that_does_not_listen_is_a_bad_gateway(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with listening(forward=Forward(f"http://127.0.0.1:{port}")) as (url, _):
        assert post(url) == 502
    told = capsys.readouterr().err
    assert f"http://127.0.0.1:{port}: nothing listens there." in told
    assert "Start the program" in told


@pytest.mark.parametrize("url", ["localhost:3000", "ftp://x/", "http://", "http://x:y/"])
def test_what_cannot_be_passed_on_to_is_named(url: str) -> None:
    with pytest.raises(InvalidInput, match="--forward: "):
        Forward(url)
