"""Where the receiver speaks HTTP/2, a listener's attempts share a connection at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest
from h2.errors import ErrorCodes

from durian.consumers.sender import Outcome, Sender, TlsOptions, send
from durian.consumers.sender.answer import KEPT_BODY_BYTES
from tests.integration.sender.conftest import BOUND_S, DEADLINE_S, PATIENT_S, request_to, resolve
from tests.support.certificates import authority
from tests.support.http2 import Asked, Http2Connection, http2_context, speaking_http2
from tests.support.receivers import OK, Connection, Receiver, scripted
from tests.support.senders import Senders

OURS = TlsOptions(ca_pem=authority().pem)

Heard = Callable[[Http2Connection, Asked], None]
Headers = list[tuple[str, str]]


@pytest.fixture
def sender() -> Iterator[Sender]:
    with ExitStack() as stack:
        senders = Senders("curl", stack)
        yield senders(allowed_networks=[ip_network("127.0.0.0/8")], resolver=resolve)


@contextmanager
def receiving(heard: Heard, folder: Path) -> Iterator[Receiver]:
    context = http2_context(authority().issue("receiver.test"), folder)
    with Receiver(speaking_http2(heard), tls=context) as receiver:
        yield receiver


def post(
    sender: Sender, receiver: Receiver, body: bytes = b"{}", timeout_s: float = PATIENT_S
) -> Outcome:
    url = receiver.url("receiver.test")
    request = request_to(url, tls=OURS, body=body, timeout_s=timeout_s, connect_timeout_s=timeout_s)
    return send(sender, request)


def test_a_request_arrives_as_it_was_given(sender: Sender, tmp_path: Path) -> None:
    heard: list[Asked] = []

    def answer(http2: Http2Connection, asked: Asked) -> None:
        heard.append(asked)
        http2.answer(asked.stream, 404, b"no such hook", (("x-a", "b"), ("x-a", "c")))

    body = bytes(range(256)) * 300
    with receiving(answer, tmp_path) as receiver:
        outcome = post(sender, receiver, body)
        place = f"receiver.test:{receiver.port}"
    assert (outcome.status, outcome.response_body) == (404, b"no such hook")
    assert outcome.response_headers == (("x-a", "b"), ("x-a", "c"))
    (asked,) = heard
    assert asked.body == body
    assert asked.headers == {
        ":method": "POST",
        ":path": "/hook",
        ":scheme": "https",
        ":authority": place,
        "content-type": "application/json",
        "accept-encoding": "identity",
        "content-length": str(len(body)),
    }


def test_attempts_at_the_same_time_share_one_connection(sender: Sender, tmp_path: Path) -> None:
    """Nobody is answered before everybody has asked."""
    many = 50

    def answer(http2: Http2Connection, _asked: Asked) -> None:
        complete = [asked for asked in http2.asked.values() if asked.body]
        if len(complete) == many:
            for asked in complete:
                http2.answer(asked.stream, body=asked.body)

    with receiving(answer, tmp_path) as receiver, ThreadPoolExecutor(many) as pool:
        bodies = [b"%d" % number for number in range(many)]
        outcomes = list(pool.map(lambda body: post(sender, receiver, body), bodies))
        assert receiver.accepted == 1
    assert {outcome.status for outcome in outcomes} == {200}
    assert [outcome.response_body for outcome in outcomes] == bodies


def test_a_stream_that_is_reset_fails_alone(sender: Sender, tmp_path: Path) -> None:
    def answer(http2: Http2Connection, asked: Asked) -> None:
        if asked.body == b"break":
            http2.reset(asked.stream)
        else:
            http2.answer(asked.stream)

    with receiving(answer, tmp_path) as receiver:
        broken, good = post(sender, receiver, b"break"), post(sender, receiver)
        assert receiver.accepted == 1
    assert (broken.kind, broken.error) == ("error", "the connection broke off")
    assert good.status == 200


def test_a_deadline_ends_one_stream_and_not_the_connection(sender: Sender, tmp_path: Path) -> None:
    given_up: list[int] = []

    def answer(http2: Http2Connection, asked: Asked) -> None:
        if asked.body != b"hang":
            given_up.extend(http2.given_up)
            http2.answer(asked.stream)

    with receiving(answer, tmp_path) as receiver:
        assert post(sender, receiver).status == 200
        assert post(sender, receiver, b"hang", DEADLINE_S).kind == "timeout"
        assert post(sender, receiver).status == 200
        assert receiver.accepted == 1
    assert given_up == [3]


def test_a_receiver_that_says_farewell_is_connected_to_anew(sender: Sender, tmp_path: Path) -> None:
    def answer(http2: Http2Connection, asked: Asked) -> None:
        http2.answer(asked.stream)
        http2.h2.close_connection(last_stream_id=asked.stream)

    with receiving(answer, tmp_path) as receiver:
        assert [post(sender, receiver).status for _ in range(3)] == [200] * 3
        assert receiver.accepted == 3


def test_a_request_that_was_refused_unseen_is_sent_again(sender: Sender, tmp_path: Path) -> None:
    """A receiver that shuts down says so; what it has not looked at is safe to send again."""
    seen: list[bytes] = []

    def answer(http2: Http2Connection, asked: Asked) -> None:
        if asked.body == b"second" and b"refused" not in seen:
            seen.append(b"refused")
            http2.reset(asked.stream, ErrorCodes.REFUSED_STREAM)
        else:
            seen.append(asked.body)
            http2.answer(asked.stream)

    with receiving(answer, tmp_path) as receiver:
        assert post(sender, receiver, b"first").status == 200
        assert post(sender, receiver, b"second").status == 200
    assert seen == [b"first", b"refused", b"second"]


def test_an_endless_body_is_cut(sender: Sender, tmp_path: Path) -> None:
    def answer(http2: Http2Connection, asked: Asked) -> None:
        http2.h2.send_headers(asked.stream, [(":status", "200")])
        for _ in range(3):
            http2.h2.send_data(asked.stream, b"a" * KEPT_BODY_BYTES)

    with receiving(answer, tmp_path) as receiver:
        outcome = post(sender, receiver)
    assert (outcome.status, outcome.response_body) == (200, b"a" * KEPT_BODY_BYTES)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ([(":status", "103"), ("link", "x")], [(":status", "201")]),
        ([(":status", "201")], [("x-checksum", "abc")]),
    ],
    ids=["early hints", "trailers"],
)
def test_a_response_of_several_heads_has_the_status_of_the_final_one(
    sender: Sender, tmp_path: Path, first: Headers, last: Headers
) -> None:
    def answer(http2: Http2Connection, asked: Asked) -> None:
        http2.h2.send_headers(asked.stream, first)
        http2.h2.send_headers(asked.stream, last, end_stream=True)

    with receiving(answer, tmp_path) as receiver:
        assert post(sender, receiver).status == 201


def test_a_head_that_never_ends_is_refused(sender: Sender, tmp_path: Path) -> None:
    def answer(http2: Http2Connection, asked: Asked) -> None:
        headers = [(":status", "200"), *((f"x-{number}", "b" * 1000) for number in range(101))]
        http2.h2.send_headers(asked.stream, headers, end_stream=True)

    with receiving(answer, tmp_path) as receiver:
        assert post(sender, receiver).kind in {"protocol", "error"}


def test_a_receiver_that_chose_http2_and_speaks_none_fails(sender: Sender, tmp_path: Path) -> None:
    context = http2_context(authority().issue("receiver.test"), tmp_path)
    with Receiver(scripted(OK, then=Connection.wait), tls=context) as receiver:
        outcome = post(sender, receiver, timeout_s=DEADLINE_S)
    assert outcome.kind in {"protocol", "error", "timeout"}
    assert outcome.status is None


def test_a_receiver_that_goes_on_without_an_answer_is_held_to_the_deadline(
    sender: Sender, tmp_path: Path
) -> None:
    """Frames that say nothing keep a connection busy, and no attempt alive."""

    def ping(http2: Http2Connection, _asked: Asked) -> None:
        while True:
            http2.h2.ping(b"12345678")
            http2.flush()
            http2.wire.pause(0.01)

    with receiving(ping, tmp_path) as receiver:
        outcome = post(sender, receiver, timeout_s=DEADLINE_S)
    assert outcome.kind == "timeout"
    assert outcome.latency_s < BOUND_S
