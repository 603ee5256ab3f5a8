from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from benchmarks.receiver import Receiver


@pytest.fixture(scope="module")
def process() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def receiver(process: Receiver) -> Receiver:
    """A receiver that has counted nothing."""
    process.reset()
    return process


def post(connection: http.client.HTTPConnection, path: str, **headers: str) -> int:
    connection.request(
        "POST", path, b"{}", {name.replace("_", "-"): text for name, text in headers.items()}
    )
    response = connection.getresponse()
    response.read()
    return response.status


def connect(receiver: Receiver) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(receiver.url).netloc, timeout=10)


def test_posts_on_one_connection_are_counted(receiver: Receiver) -> None:
    connection = connect(receiver)
    assert [post(connection, f"/{number}") for number in range(5)] == [200] * 5
    connection.close()
    stats = receiver.wait_for(5, timeout_s=10)
    assert stats.received == 5
    assert stats.p50_ms is None


def test_duplicates_are_told_by_path_and_id(receiver: Receiver) -> None:
    connection = connect(receiver)
    for path, name in (("/a", "1"), ("/a", "2"), ("/b", "1"), ("/a", "1")):
        post(connection, path, webhook_id=name)
    connection.close()
    stats = receiver.stats()
    assert (stats.received, stats.distinct) == (4, 3)


def test_lateness_is_measured_from_the_time_of_the_event(receiver: Receiver) -> None:
    connection = connect(receiver)
    moment = datetime.now(UTC) - timedelta(seconds=60)
    post(connection, "/", ce_time=moment.isoformat())
    post(connection, "/", CE_Time=moment.replace(tzinfo=None).isoformat() + "Z")
    connection.close()
    stats = receiver.stats()
    for value in (stats.p50_ms, stats.p99_ms, stats.max_ms):
        assert value is not None
        assert 60_000 <= value < 90_000


def test_requests_in_pieces_and_in_one_piece_are_understood(receiver: Receiver) -> None:
    parts = urlsplit(receiver.url)
    request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), 10) as connection:
        connection.sendall(request + request + request[:20])
        connection.sendall(request[20:])
        answers = b""
        while answers.count(b"200 OK") < 3:
            answers += connection.recv(1000)
    assert receiver.stats().received == 3


def test_what_has_no_length_is_refused(receiver: Receiver) -> None:
    connection = connect(receiver)
    connection.putrequest("POST", "/")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    assert connection.getresponse().status == 400
    connection.close()
    assert receiver.stats().received == 0


def test_waiting_for_what_does_not_come_ends(receiver: Receiver) -> None:
    with pytest.raises(TimeoutError, match="0 of 1 arrived"):
        receiver.wait_for(1, timeout_s=0.01)
