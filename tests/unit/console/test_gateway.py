"""The HTTP face takes events in every form of CloudEvents, and says what is wrong with others."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from durian.broker.port import Address, Broker, Done
from durian.broker.topology import Topology
from durian.console.gateway import client
from durian.console.gateway.app import build
from durian.console.gateway.serve import Service
from durian.errors import BrokerError, BrokerUnavailable, DurianError, InvalidEvent, InvalidSettings
from durian.events import CAPS, Event, Message
from durian.events import http as binding


class Publishing:
    """The part of a broker that the HTTP face uses: takes messages, or fails."""

    def __init__(self, error: BrokerError | None = None) -> None:
        self.error = error
        self.published: list[tuple[Message, Address]] = []

    def publish(self, message: Message, to: Address, done: Done) -> None:
        self.published.append((message, to))
        done(self.error)


@contextmanager
def serving(
    broker: Publishing, *, ready: Callable[[], bool] = lambda: True
) -> Iterator[tuple[str, int]]:
    service = Service(build(cast("Broker", broker), Topology(), ready), "127.0.0.1", 0)
    service.start()
    try:
        address = urlsplit(service.url)
        yield address.hostname or "", address.port or 0
    finally:
        service.stop()


def ask(
    place: tuple[str, int],
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, str], Any]:
    connection = http.client.HTTPConnection(*place, timeout=10)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        raw = response.read()
        kind = response.getheader("content-type", "")
        answer = json.loads(raw) if "json" in kind else raw.decode()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, answer
    finally:
        connection.close()


EVENT = Event(type="person", data={"name": "Joe"})
OTHER = Event(type="order.paid", data={"order": 17})


@pytest.mark.parametrize(
    ("parts", "events"),
    [
        (binding.encode_binary(EVENT), (EVENT,)),
        (binding.encode_structured(EVENT), (EVENT,)),
        (binding.encode_batch([EVENT, OTHER]), (EVENT, OTHER)),
    ],
    ids=["binary", "structured", "batch"],
)
def test_an_event_is_published_under_its_type_and_confirmed(
    parts: tuple[dict[str, str], bytes], events: tuple[Event, ...]
) -> None:
    broker = Publishing()
    with serving(broker) as place:
        status, _, answer = ask(place, "POST", "/v1/events", parts[1], parts[0])
    assert status == HTTPStatus.ACCEPTED
    assert answer == {"ids": [event.id for event in events]}
    assert [to for _, to in broker.published] == [
        Address("durian.events", event.type) for event in events
    ]
    assert [message.body for message, _ in broker.published] == [event.body for event in events]


@pytest.mark.parametrize(
    ("path", "headers", "attribute", "words"),
    [
        ("/v1/events?type=person", {}, "ce-type", "header ce-type"),
        ("/v1/events", {"type": "person"}, "ce-type", "header ce-type"),
        ("/v1/events", {}, "specversion", "ce-type"),
        ("/v1/events", {"ce-type": "person"}, "specversion", "is missing"),
    ],
)
def test_a_request_without_its_attributes_is_refused_by_name(
    path: str, headers: dict[str, str], attribute: str, words: str
) -> None:
    broker = Publishing()
    with serving(broker) as place:
        headers |= {"content-type": "application/json"}
        status, answered, problem = ask(place, "POST", path, b"{}", headers)
    assert status == HTTPStatus.BAD_REQUEST
    assert answered["content-type"] == "application/problem+json"
    assert problem["attribute"] == attribute
    assert words in problem["detail"]
    assert broker.published == []


def test_data_that_is_no_json_is_refused() -> None:
    headers, _ = binding.encode_binary(EVENT)
    with serving(Publishing()) as place:
        status, _, problem = ask(place, "POST", "/v1/events", b'{"n": NaN}', headers)
    assert status == HTTPStatus.BAD_REQUEST
    assert problem["attribute"] == "data"


def test_a_body_larger_than_any_event_is_refused_with_413() -> None:
    with serving(Publishing()) as place:
        status, _, problem = ask(place, "POST", "/v1/events", b" " * (CAPS.document_bytes + 1))
    assert status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert problem["status"] == 413


def test_a_broker_that_is_away_is_503_with_retry_after() -> None:
    headers, body = binding.encode_structured(EVENT)
    with serving(Publishing(BrokerUnavailable())) as place:
        status, answered, problem = ask(place, "POST", "/v1/events", body, headers)
    assert status == HTTPStatus.SERVICE_UNAVAILABLE
    assert int(answered["retry-after"]) > 0
    assert "broker" in problem["detail"]


def test_health_is_told() -> None:
    known = False
    with serving(Publishing(), ready=lambda: known) as place:
        assert ask(place, "GET", "/livez")[0] == HTTPStatus.OK
        assert ask(place, "GET", "/readyz")[0] == HTTPStatus.SERVICE_UNAVAILABLE
        known = True
        assert ask(place, "GET", "/readyz")[0] == HTTPStatus.OK


def test_a_port_that_is_taken_is_one_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        app = build(cast("Broker", Publishing()), Topology(), lambda: True)
        with pytest.raises(InvalidSettings, match="cannot listen"):
            Service(app, "127.0.0.1", taken.getsockname()[1])


def test_the_client_hands_an_event_over() -> None:
    broker = Publishing()
    with serving(broker) as (host, port):
        client.emit(host, port, EVENT)
    assert broker.published[0][0].body == EVENT.body


def test_the_client_says_that_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(BrokerUnavailable, match="durian up"):
        client.emit("127.0.0.1", port, EVENT)


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, b'{"detail": "type: is missing"}', InvalidEvent, "type: is missing"),
        (413, b'{"detail": "too large"}', InvalidEvent, "too large"),
        (503, b'{"detail": "The broker is away."}', BrokerUnavailable, "is away"),
        (500, b"oops", DurianError, "answered 500: oops"),
    ],
)
def test_the_client_tells_why_an_event_was_not_taken(
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    body: bytes,
    kind: type[DurianError],
    words: str,
) -> None:
    monkeypatch.setattr(client, "_post", lambda *_: (status, body))
    with pytest.raises(kind, match=words):
        client.emit("127.0.0.1", 1, EVENT)
