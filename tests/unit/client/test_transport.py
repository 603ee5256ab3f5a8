"""What becomes of requests when servers are away, slow, busy, or no Durian at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from durian.client import Client
from durian.client import transport as module
from durian.client.problem import error_of
from durian.errors import (
    BrokerUnavailable,
    DurianError,
    InvalidEvent,
    InvalidInput,
    InvalidSettings,
    NotFound,
    RateLimited,
    ServerUnavailable,
)
from durian.events import Event

AWAY = {"status": 503, "code": "broker_unavailable", "detail": "The broker is away."}
UNDER_WAY = {"status": 409, "code": "under_way", "detail": "This request is under way."}
BUSY = {"status": 429, "code": "rate_limited", "detail": "Too often."}


class Script(BaseHTTPRequestHandler):
    """Answers what a test wrote down, the last of it for ever, and notes what was asked."""

    answers: ClassVar[list[tuple[int, dict[str, str], bytes]]] = []
    asked: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append(dict(self.headers))
        status, headers, body = self.answers[min(len(self.asked), len(self.answers)) - 1]
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815  # the name is given

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Script, "answers", [])
    monkeypatch.setattr(Script, "asked", [])
    monkeypatch.setattr(module, "_wait", lambda _state: 0)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Script)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def problem(told: dict[str, Any], **headers: str) -> tuple[int, dict[str, str], bytes]:
    return told["status"], headers, json.dumps(told).encode()


FINE: tuple[int, dict[str, str], bytes] = (200, {}, b'{"id": "joe"}')


def test_what_passes_is_asked_again_under_the_same_key(url: str) -> None:
    Script.answers[:] = [problem(AWAY), problem(BUSY, **{"Retry-After": "0"}), FINE]
    with Client(url, "secret") as client:
        assert client.pause_listener("joe") == {"id": "joe"}
    keys = {asked["Idempotency-Key"] for asked in Script.asked}
    assert (len(Script.asked), len(keys)) == (3, 1)
    assert {asked["Authorization"] for asked in Script.asked} == {"Bearer secret"}


def test_a_request_whose_first_try_is_under_way_is_asked_for_its_answer(url: str) -> None:
    Script.answers[:] = [problem(UNDER_WAY), FINE]
    with Client(url, "") as client:
        assert client.pause_listener("joe") == {"id": "joe"}


@pytest.mark.parametrize(
    ("told", "known"), [("listener", "listener"), ("moon", None), (None, None)]
)
def test_what_is_not_there_is_told_by_what_it_is(told: str | None, known: str | None) -> None:
    """A newer server may tell of what this version does not know."""
    body = {"code": "not_found", "detail": "No.", "resource": told}
    error = error_of(404, json.dumps(body).encode(), None)
    assert isinstance(error, NotFound)
    assert error.resource == known


def test_it_gives_up_with_what_the_server_said(url: str) -> None:
    Script.answers[:] = [problem(AWAY)]
    with Client(url, "") as client, pytest.raises(BrokerUnavailable, match="The broker is away"):
        client.stats()
    assert len(Script.asked) == 3
    assert "Authorization" not in Script.asked[0]


def test_publishing_is_not_made_again(url: str) -> None:
    """Some of the events may have arrived: whoever sent them has to decide."""
    Script.answers[:] = [problem(AWAY), FINE]
    with Client(url, "") as client, pytest.raises(BrokerUnavailable):
        client.publish([Event(type="person")])
    assert len(Script.asked) == 1


def test_a_redirect_is_not_followed_with_the_token(url: str) -> None:
    Script.answers[:] = [(302, {"Location": "http://elsewhere.example/"}, b"")]
    with Client(url, "secret") as client, pytest.raises(DurianError, match="answered 302"):
        client.stats()


@pytest.mark.parametrize("near", ["127.0.0.1", "localhost", "[::1]"])
def test_no_proxy_sees_what_is_asked_of_this_machine(
    near: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", url)
    Script.answers[:] = [FINE]
    with Client(f"http://{near}:1", "secret") as client, pytest.raises(ServerUnavailable):
        client.listener("joe")
    assert Script.asked == []
    with Client("http://durian.invalid", "secret") as client:
        assert client.listener("joe") == {"id": "joe"}
    assert [asked["Host"] for asked in Script.asked] == ["durian.invalid"]


@pytest.mark.parametrize("answer", [(200, {}, b"<html>"), (404, {}, b"<html>")])
def test_what_is_no_durian_is_told_as_such(url: str, answer: Any) -> None:
    Script.answers[:] = [answer]
    with Client(url, "") as client, pytest.raises(DurianError) as caught:
        client.stats()
    assert "DURIAN_SERVER" in caught.value.advice


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ("durian.example", "must begin with https"),
        ("ftp://durian.example", "must begin with https"),
        ("https://", "must begin with https"),
        ("https://durian_x:secret@durian.example", "DURIAN_TOKEN"),
        ("https://durian.example:port", "is no URL"),
    ],
)
def test_a_server_that_cannot_be_asked_is_named(server: str, words: str) -> None:
    with pytest.raises(InvalidSettings, match=words) as caught:
        Client(server, "")
    assert "secret" not in str(caught.value).replace("nothing secret", "")


def test_a_host_that_is_not_there_is_told_in_words() -> None:
    with (
        Client("http://nowhere.invalid", "", attempts=1) as client,
        pytest.raises(ServerUnavailable, match="there is no such host"),
    ):
        client.stats()


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ({"pointer": "#/policy/timeout_s"}, InvalidInput, "policy.timeout_s: is wrong"),
        ({"pointer": "#"}, InvalidInput, "body: is wrong"),
        ({"parameter": "limit"}, InvalidInput, "limit: is wrong"),
        ({"header": "If-Match"}, InvalidInput, "If-Match: is wrong"),
        ({"attribute": "type"}, InvalidEvent, "type: is wrong"),
    ],
)
def test_what_is_wrong_is_named(fault: dict[str, str], kind: type[DurianError], words: str) -> None:
    told = {"code": "invalid", "detail": "x", "errors": [fault | {"detail": "is wrong"}]}
    error = error_of(422, json.dumps(told).encode(), None)
    assert (type(error), error.message) == (kind, words)


@pytest.mark.parametrize(("pointer", "index"), [("#/17", 17), ("#/url", None), (None, None)])
def test_which_event_of_a_batch_is_wrong_is_known(pointer: str | None, index: int | None) -> None:
    fault = {"attribute": "type", "detail": "is wrong"} | ({"pointer": pointer} if pointer else {})
    told = {"code": "invalid", "detail": "x", "errors": [fault]}
    error = error_of(422, json.dumps(told).encode(), None)
    assert isinstance(error, InvalidEvent)
    assert error.index == index


def test_how_long_to_wait_is_what_the_server_asks_for_within_reason() -> None:
    error = error_of(429, json.dumps(BUSY).encode(), 7)
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == 7
