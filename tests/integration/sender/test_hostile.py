"""No receiver holds an attempt past its deadline, fakes a success, or costs memory.

Each row is one hostile receiver and what becomes of an attempt; after each of them the same sender
delivers normally.
"""

from __future__ import annotations

import itertools
import re
import resource
import socket
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from durian.consumers.sender import Sender, send
from durian.consumers.sender.answer import KEPT_BODY_BYTES
from durian.registry.headers import LONGEST_VALUE, MOST_HEADERS, check_headers
from tests.integration.sender.conftest import BOUND_S, DEADLINE_S, PATIENT_S, request_to
from tests.support.cases import extra_cases
from tests.support.receivers import (
    OK,
    Behaviour,
    Connection,
    Inbox,
    Receiver,
    answering,
    dripping,
    flooding,
    hanging,
    resetting,
    scripted,
)
from tests.support.senders import cpu_s

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

#: More than the buffers of a connection hold.
LARGE = b"a" * 8_000_000

#: Bytes by which an attempt may raise the peak of resident memory.
MOST_RSS_BYTES = 5 * 1024 * 1024

#: Seconds of CPU that a receiver may cost by flooding.
MOST_CPU_S = 0.2


@dataclass(frozen=True)
class Hostile:
    """A receiver and what must become of an attempt."""

    id: str
    behaviour: Behaviour
    #: Words, where the moment of a reset, or the driver, decides which of them it is.
    kind: str
    status: int | None = None
    #: What it is sent.
    body: bytes = b"{}"


def closing(connection: Connection) -> None:
    """Close at once, without reading."""
    connection.sock.close()


def nibbling(connection: Connection) -> None:
    """Read, but hardly."""
    while connection.sock.recv(1):
        connection.pause(0.05)


def half_closing(part: bytes) -> Behaviour:
    """Send a part, then say that there is no more, and stay."""

    def end(connection: Connection) -> None:
        connection.sock.shutdown(socket.SHUT_WR)
        connection.wait()

    return scripted(part, then=end)


RECEIVERS = [
    # Slow.
    Hostile("accept-only", hanging(read=False), "timeout"),
    Hostile("no-answer", hanging(), "timeout"),
    Hostile("drip-status", dripping(b"", HEAD * 9), "timeout"),
    Hostile("drip-header", dripping(HEAD, b"X-A: " + b"a" * 99), "timeout"),
    Hostile("drip-body", dripping(HEAD + b"Content-Length: 99\r\n\r\n", b"a" * 99), "timeout"),
    Hostile("drip-endless-body", dripping(HEAD + b"\r\n", b"a" * 99), "timeout"),
    Hostile("drip-chunks", dripping(CHUNKED, b"1\r\na\r\n" * 20), "timeout"),
    # libcurl gives up after 17 digits.
    Hostile("drip-chunk-size", dripping(CHUNKED, b"0" * 99), "timeout response", 200),
    Hostile("drip-trailers", dripping(CHUNKED + b"0\r\n", b"X: y\r\n" * 20), "timeout"),
    Hostile("drip-100", dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 9), "timeout"),
    Hostile("stalled-body", hanging(HEAD + b"Content-Length: 9\r\n\r\nab"), "timeout"),
    Hostile("stalled-huge-chunk", hanging(CHUNKED + b"ffffffff\r\n"), "timeout"),
    Hostile(
        "stalled-huge-length",
        hanging(HEAD + b"Content-Length: 9" + b"9" * 14 + b"\r\n\r\n"),
        "timeout",
    ),
    Hostile("never-reads", hanging(read=False), "timeout", body=LARGE),
    Hostile("reads-byte-by-byte", nibbling, "timeout", body=LARGE),
    Hostile(
        "floods-and-never-reads",
        scripted(HEAD + b"\r\n", then=lambda one: one.flood(b"a" * 65536), read=False),
        "timeout response",
        200,
        body=LARGE,
    ),
    # Breaking off.
    Hostile("close-at-once", closing, "error"),
    Hostile("close-after-request", answering(), "error"),
    Hostile("rst-at-once", resetting(read=False), "error refused"),
    Hostile("rst-after-request", resetting(), "error"),
    Hostile("fin-mid-status", answering(b"HTTP/1.1 200"), "error"),
    Hostile("fin-after-status", answering(HEAD), "protocol"),
    Hostile("fin-mid-header", answering(HEAD + b"Content-Le"), "protocol"),
    Hostile("fin-after-header", answering(HEAD + b"Content-Length: 0\r\n"), "protocol"),
    Hostile("rst-mid-status", resetting(b"HTTP/1.1 2"), "error protocol"),
    Hostile("rst-mid-header", resetting(HEAD + b"Content-Le"), "error protocol"),
    Hostile("half-close", half_closing(b""), "error"),
    Hostile("half-close-mid-header", half_closing(HEAD), "protocol"),
    # A complete head is the receiver's decision, whatever follows.
    Hostile("fin-mid-body", answering(HEAD + b"Content-Length: 9\r\n\r\nab"), "response", 200),
    Hostile("fin-mid-chunk", answering(CHUNKED + b"5\r\nab"), "response", 200),
    Hostile("fin-mid-chunk-size", answering(CHUNKED + b"5"), "response", 200),
    Hostile("fin-before-trailers", answering(CHUNKED + b"0\r\n"), "response", 200),
    Hostile("half-close-mid-body", half_closing(CHUNKED + b"5\r\nab"), "response", 200),
    Hostile("rst-mid-chunk", resetting(CHUNKED + b"5\r\nab"), "response", 200),
    Hostile("rst-after-200", resetting(HEAD + b"Content-Length: 2\r\n\r\nok"), "response", 200),
    # Endless.
    Hostile("endless-body", flooding(HEAD + b"\r\n", b"a" * 65536), "response", 200),
    Hostile(
        "endless-chunks",
        flooding(CHUNKED, b"10000\r\n" + b"a" * 65536 + b"\r\n"),
        "response",
        200,
    ),
    Hostile("endless-500", flooding(b"HTTP/1.1 500 No\r\n\r\n", b"a" * 65536), "response", 500),
    Hostile("flood-100", flooding(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 99), "protocol"),
    Hostile("flood-103", flooding(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 99), "protocol"),
    Hostile("flood-headers", flooding(HEAD, b"X-A: b\r\n" * 99), "protocol"),
    Hostile("flood-one-header", flooding(HEAD + b"X-A: ", b"a" * 65536), "protocol"),
    Hostile("flood-status", flooding(b"HTTP/1.1 200 ", b"a" * 65536), "protocol"),
    Hostile("flood-trailers", flooding(CHUNKED + b"0\r\n", b"X-A: b\r\n" * 99), "protocol"),
    Hostile("flood-chunk-extension", flooding(CHUNKED + b"1;", b"a" * 65536), "protocol"),
    Hostile(
        "flood-chunk-extensions",
        flooding(CHUNKED, (b"1;" + b"x" * 1000 + b"\r\na\r\n") * 64),
        "protocol",
    ),
    Hostile("tiny-chunks", flooding(CHUNKED, b"1\r\na\r\n" * 999), "response", 200),
    Hostile(
        "big-header",
        answering(HEAD, *(b"X-%d: %s\r\n" % (n, b"a" * 60_000) for n in range(99)), b"\r\n"),
        "protocol",
    ),
    # Malformed.
    Hostile("http09", answering(b"hello, I am not HTTP\r\n"), "protocol"),
    Hostile("http2", answering(b"HTTP/2 200\r\n\r\n"), "protocol"),
    Hostile("other-protocol", answering(b"220 mail.example ESMTP\r\n"), "protocol"),
    Hostile("tls-on-http", answering(b"\x15\x03\x03\x00\x02\x02\x46"), "protocol"),
    Hostile("banner-first", hanging(b"SSH-2.0-OpenSSH_9.2\r\n", read=False), "protocol"),
    Hostile("http2-frames", answering(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" * 9), "protocol"),
    Hostile("http12", answering(b"HTTP/1.2 200 OK\r\n\r\n"), "protocol"),
    Hostile("blank-line-first", answering(b"\r\n" + OK), "protocol"),
    Hostile("tabs-in-status", answering(b"HTTP/1.1\t200\tOK\r\n\r\n"), "protocol"),
    Hostile("cr-in-status", answering(b"HTTP/1.1 500 No\rHTTP/1.1 200 OK\r\n\r\n"), "protocol"),
    Hostile("nul-in-status", answering(b"HTTP/1.1 200 O\x00K\r\n\r\n"), "protocol"),
    Hostile("nul-in-header", answering(HEAD + b"X-A: b\x00\r\n\r\n"), "protocol"),
    Hostile("nul-in-fold", answering(HEAD + b"X-A: b\r\n \x00\r\n\r\n"), "protocol"),
    Hostile("binary", answering(bytes(range(256)) * 9), "protocol"),
    Hostile("status-two-digits", answering(b"HTTP/1.1 20 OK\r\n\r\n"), "protocol"),
    Hostile("status-four-digits", answering(b"HTTP/1.1 2000 OK\r\n\r\n"), "protocol"),
    Hostile("status-negative", answering(b"HTTP/1.1 -200 OK\r\n\r\n"), "protocol"),
    Hostile("status-underscore", answering(b"HTTP/1.1 2_0 OK\r\n\r\n"), "protocol"),
    Hostile("status-000", answering(b"HTTP/1.1 000 OK\r\n\r\n"), "protocol"),
    Hostile("header-without-colon", answering(HEAD + b"no colon\r\n\r\n"), "protocol"),
    Hostile("header-with-space", answering(HEAD + b"Content-Length : 2\r\n\r\nok"), "protocol"),
    Hostile("header-without-name", answering(HEAD + b": b\r\n\r\n"), "protocol"),
    Hostile("cr-in-header", answering(HEAD + b"X-A: b\rContent-Length: 5\r\n\r\n"), "protocol"),
    Hostile("headers-101", answering(HEAD, b"X-A: b\r\n" * 101 + b"\r\n"), "protocol"),
    Hostile("fold-first", answering(HEAD + b" c\r\n\r\n"), "protocol"),
    Hostile(
        "dup-content-length",
        answering(HEAD + b"Content-Length: 2\r\nContent-Length: 5\r\n\r\nokxxx"),
        "protocol",
    ),
    Hostile("content-length-list", answering(HEAD + b"Content-Length: 2, 5\r\n\r\n"), "protocol"),
    Hostile("content-length-sign", answering(HEAD + b"Content-Length: -2\r\n\r\n"), "protocol"),
    Hostile("content-length-plus", answering(HEAD + b"Content-Length: +2\r\n\r\nok"), "protocol"),
    Hostile("content-length-none", answering(HEAD + b"Content-Length:\r\n\r\nok"), "protocol"),
    Hostile(
        "content-length-other-digits",
        answering(HEAD + "Content-Length: \u0662\r\n\r\nok".encode()),
        "protocol",
    ),
    Hostile("content-length-word", answering(HEAD + b"Content-Length: two\r\n\r\n"), "protocol"),
    Hostile(
        "content-length-huge",
        answering(HEAD + b"Content-Length: " + b"9" * 99 + b"\r\n\r\n"),
        "protocol",
    ),
    Hostile("bad-chunk", answering(CHUNKED + b"ffffffffffffffff\r\nabc"), "protocol"),
    Hostile("chunk-negative", answering(CHUNKED + b"-5\r\nabcde\r\n0\r\n\r\n"), "protocol"),
    Hostile("chunk-word", answering(CHUNKED + b"five\r\nabcde\r\n0\r\n\r\n"), "protocol"),
    Hostile("chunk-plus", answering(CHUNKED + b"+5\r\nabcde\r\n0\r\n\r\n"), "protocol"),
    Hostile("chunk-underscore", answering(CHUNKED + b"0_5\r\nabcde\r\n0\r\n\r\n"), "protocol"),
    Hostile("chunk-lf-only", answering(CHUNKED + b"5\nabcde\n0\n\n"), "protocol"),
    Hostile("chunk-0x", answering(CHUNKED + b"0x5\r\nabcde\r\n0\r\n\r\n"), "protocol"),
    Hostile("codings-twice", answering(HEAD + b"Transfer-Encoding: chunked\r\n" * 2), "protocol"),
    Hostile("switching", answering(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), "protocol"),
    # Odd, but responses.
    Hostile("header-folded", answering(HEAD + b"X-A: b\r\n c\r\n\r\n"), "response", 200),
    Hostile("many-102", answering(b"HTTP/1.1 102 Wait\r\n\r\n" * 999, OK), "response", 200),
    Hostile("no-content-with-body", answering(b"HTTP/1.1 204 No\r\n\r\n" + OK), "response", 204),
    Hostile("unasked", scripted(OK, read=False, then=Connection.wait), "response", 200),
    Hostile(
        "codings-of-codings",
        answering(HEAD + b"Content-Encoding: gzip, br, gzip, deflate\r\n\r\nabc"),
        "response",
        200,
    ),
    Hostile("status-999", answering(b"HTTP/1.1 999 No\r\n\r\n"), "response", 999),
    Hostile("no-reason", answering(b"HTTP/1.1 204\r\n\r\n"), "response", 204),
    Hostile("http10", answering(b"HTTP/1.0 200 OK\r\n\r\nok"), "response", 200),
    Hostile(
        "chunked-with-length",
        answering(HEAD + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        "response",
        200,
    ),
    Hostile(
        "unknown-coding",
        answering(HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\nabc"),
        "response",
        200,
    ),
    Hostile("bare-lf", answering(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"), "response", 200),
    Hostile(
        "early-hints",
        answering(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 500 No\r\n\r\n"),
        "response",
        500,
    ),
    Hostile(
        "continue",
        answering(b"HTTP/1.1 100 Continue\r\n\r\n", HEAD + b"Content-Length: 0\r\n\r\n"),
        "response",
        200,
    ),
]


@pytest.mark.parametrize("hostile", RECEIVERS, ids=lambda hostile: hostile.id)
def test_an_attempt_ends_in_time_and_as_it_should(sender: Sender, hostile: Hostile) -> None:
    with Receiver(hostile.behaviour) as receiver, Receiver(Inbox()) as good:
        before_bytes, before_cpu_s = _peak_rss_bytes(), cpu_s()
        timeout_s = DEADLINE_S if "timeout" in hostile.kind else PATIENT_S
        started = time.monotonic()
        outcome = send(sender, request_to(receiver.url(), body=hostile.body, timeout_s=timeout_s))
        took_s = time.monotonic() - started
        assert outcome.kind in hostile.kind.split()
        assert outcome.status == (hostile.status if outcome.kind == "response" else None)
        assert took_s < BOUND_S
        assert cpu_s() - before_cpu_s < MOST_CPU_S
        assert _peak_rss_bytes() - before_bytes < MOST_RSS_BYTES
        assert len(outcome.response_body) <= KEPT_BODY_BYTES
        assert outcome.error.isprintable()
        assert (outcome.error == "") == (outcome.kind == "response")
        assert receiver.accepted == 1
        assert send(sender, request_to(good.url())).status == 200


def test_a_late_outcome_takes_the_deadline_and_no_less(sender: Sender) -> None:
    with Receiver(dripping(HEAD, b"X-A: " + b"a" * 99)) as receiver:
        outcome = send(sender, request_to(receiver.url(), timeout_s=DEADLINE_S))
    assert outcome.error == "no complete response within 1 s"
    assert DEADLINE_S <= outcome.latency_s < BOUND_S


def test_an_owner_cannot_make_looking_for_secrets_expensive(sender: Sender) -> None:
    """Custom headers may hold thousands of words, each of which may be a secret."""
    words = iter(f"{number:05d}+/=" for number in range(10_000))
    headers = {
        f"X-{number}": ",".join(itertools.islice(words, LONGEST_VALUE // 9))
        for number in range(MOST_HEADERS)
    }
    check_headers(headers)
    with Receiver(flooding(HEAD + b"X-A: b\r\n" * 90 + b"\r\n", b"ab,cd" * 9999)) as receiver:
        before_cpu_s = cpu_s()
        outcome = send(sender, request_to(receiver.url(), headers=headers))
        assert cpu_s() - before_cpu_s < MOST_CPU_S
    assert len(outcome.response_body) == KEPT_BODY_BYTES


#: What receivers of other suites are about, by words of theirs, and where that is tested: by a
#: receiver above, or in a module beside this one.
CLASSES = {
    r"drip|slow|stall|hang|never|accepts": "drip-body",
    r"endless|flood|for ever|as fast as|infinite": "endless-body",
    r"\bfin\b|clos|truncat|half|cut": "fin-mid-header",
    r"\brst\b|reset": "rst-after-200",
    r"big|huge|giant|large|long|many|\d+ ?[kmg]i?b": "big-header",
    r"chunk|trailer": "bad-chunk",
    r"length|transfer-encoding|conflict": "dup-content-length",
    r"\b1(xx|0\d)\b|continue|hints|upgrade|switching": "flood-100",
    r"status|http/|protocol|binary|bytes|garbage": "http09",
    r"gzip|deflate|compress|bomb|encod": "test_responses",
    r"retry-after|esc|echo|redirect|location|cookie|header": "test_responses",
    r"tls|certificate|self-signed|handshake|\bsni\b": "test_tls",
    r"dns|servfail|nxdomain|\bname|rebind|ttl|\bsyn\b|blackhole|refus": "test_connecting",
    r"keep-alive|reus|pool": "test_connections",
}


def test_every_receiver_that_is_known_elsewhere_is_of_a_class_that_is_tested_here() -> None:
    """Further rows (see tests.support.cases) describe receivers in words."""
    known = {hostile.id for hostile in RECEIVERS}
    known |= {path.stem for path in Path(__file__).parent.glob("test_*.py")}
    assert set(CLASSES.values()) <= known
    for row in extra_cases("evil_receivers.jsonl"):
        told = f"{row['id']} {row['receiver']}".lower()
        assert any(re.search(words, told) for words in CLASSES), told


def _peak_rss_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
