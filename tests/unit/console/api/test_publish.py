"""The HTTP face takes events in every form of CloudEvents, and says what is wrong with others."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Self, cast
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette

from durian.broker.port import Address, Broker, BrokerState, Done
from durian.broker.topology import Topology
from durian.console.api import access, body, publish
from durian.console.api.app import build
from durian.console.api.publish import through_broker
from durian.console.api.serve import Service, bind
from durian.console.api.services import Services
from durian.console.backlog import BacklogWatch
from durian.console.recent import RecentEvents
from durian.console.server import hand_over
from durian.console.working import Worker
from durian.errors import (
    BrokerError,
    BrokerUnavailable,
    InvalidSettings,
    NotAuthenticated,
    ServerUnavailable,
)
from durian.events import CAPS, Event, Message
from durian.events import http as binding
from durian.registry.store import Store
from durian.registry.token import new_token_text


class Publishing:
    """The part of a broker that the HTTP face uses: takes messages, or fails."""

    def __init__(self, error: BrokerError | None = None) -> None:
        self.error = error
        self.published: list[tuple[Message, Address]] = []

    def publish(self, message: Message, to: Address, done: Done) -> None:
        self.published.append((message, to))
        done(self.error)


TOKEN = new_token_text("local234")


class NoStore:
    """A registry that knows no tokens."""

    def find_token(self, _text: str) -> None:
        """There is none."""

    def on_behalf(self, _principal: object) -> Self:
        return self


@contextmanager
def serving(
    broker: Publishing, *, ready: Callable[[], bool] = lambda: True
) -> Iterator[tuple[str, int]]:
    async def is_ready() -> bool:
        return ready()

    services = Services(
        broker=cast("Broker", broker),
        names=Topology(),
        store=cast("Store", NoStore()),
        publish=through_broker(cast("Broker", broker), Topology()),
        recent=RecentEvents(cast("Broker", broker), Topology()),
        worker=cast("Worker", None),
        backlog=cast("BacklogWatch", None),
        ready=is_ready,
        local_token=TOKEN,
    )
    service = Service(build(services), bind("127.0.0.1", 0))
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
        shown = {"authorization": f"Bearer {TOKEN}"}
        connection.request(method, path, body=body, headers=shown | (headers or {}))
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
    ("parts", "given"),
    [
        (binding.encode_binary(EVENT), (EVENT,)),
        (binding.encode_structured(EVENT), (EVENT,)),
        (binding.encode_batch([EVENT, OTHER]), (EVENT, OTHER)),
    ],
    ids=["binary", "structured", "batch"],
)
def test_an_event_is_published_under_its_type_and_confirmed(
    parts: tuple[dict[str, str], bytes], given: tuple[Event, ...]
) -> None:
    broker = Publishing()
    with serving(broker) as place:
        status, _, answer = ask(place, "POST", "/v1/events", parts[1], parts[0])
    assert status == HTTPStatus.ACCEPTED
    assert answer == {"ids": [event.id for event in given]}
    assert [to for _, to in broker.published] == [
        Address("durian.events", event.type) for event in given
    ]
    assert [message.body for message, _ in broker.published] == [event.body for event in given]


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
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert answered["content-type"] == "application/problem+json"
    assert problem["errors"][0]["attribute"] == attribute
    assert words in f"{problem['detail']} {problem.get('hint')}"
    assert broker.published == []


def test_the_event_of_a_batch_that_is_wrong_is_named_by_its_place() -> None:
    headers, _ = binding.encode_batch([])
    good = binding.encode_structured(EVENT)[1]
    broker = Publishing()
    with serving(broker) as place:
        body = b"[%b,%b,{}]" % (good, good)
        status, _, problem = ask(place, "POST", "/v1/events", body, headers)
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    reason = "is missing (event 2 of the batch, counted from 0)"
    assert problem["detail"] == f"specversion: {reason}"
    assert problem["errors"] == [{"detail": reason, "pointer": "#/2", "attribute": "specversion"}]
    assert broker.published == []


def test_data_that_is_no_json_is_refused() -> None:
    headers, _ = binding.encode_binary(EVENT)
    with serving(Publishing()) as place:
        status, _, problem = ask(place, "POST", "/v1/events", b'{"n": NaN}', headers)
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert problem["errors"][0]["attribute"] == "data"


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


class Silent(Publishing):
    """Takes messages, and confirms none before it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = threading.Semaphore(0)
        self.waiting: list[Done] = []
        self.state = BrokerState(connected=True, blocked=False, reconnects=0, unconfirmed=0)

    def publish(self, message: Message, to: Address, done: Done) -> None:
        self.published.append((message, to))
        self.waiting.append(done)
        self.taken.release()


def test_a_broker_that_says_nothing_is_503_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "CONFIRM_S", 0.01)
    headers, document = binding.encode_structured(EVENT)
    with serving(Silent()) as place:
        status, answered, problem = ask(place, "POST", "/v1/events", document, headers)
    assert status == HTTPStatus.SERVICE_UNAVAILABLE
    assert "retry-after" in answered
    assert "in time" in problem["detail"]


def test_a_request_is_answered_only_when_the_broker_has_confirmed() -> None:
    broker = Silent()
    headers, document = binding.encode_batch([EVENT, OTHER])
    with serving(broker) as place, ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask, place, "POST", "/v1/events", document, headers)
        for _ in range(2):
            assert broker.taken.acquire(timeout=60)
        broker.waiting[0](None)
        assert not asking.done()
        broker.waiting[1](None)
        assert asking.result()[0] == HTTPStatus.ACCEPTED


def test_when_too_much_is_in_hand_the_next_is_asked_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(access, "MOST_REQUESTS", 1)
    broker = Silent()
    headers, document = binding.encode_structured(EVENT)
    with serving(broker) as place, ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask, place, "POST", "/v1/events", document, headers)
        assert broker.taken.acquire(timeout=60)
        status, answered, _ = ask(place, "POST", "/v1/events", document, headers)
        broker.waiting[0](None)
        assert asking.result()[0] == HTTPStatus.ACCEPTED
    assert status == HTTPStatus.SERVICE_UNAVAILABLE
    assert "retry-after" in answered


def test_a_body_that_does_not_come_is_waited_for_only_so_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body, "BODY_S", 0.01)
    with serving(Publishing()) as place, socket.create_connection(place, timeout=60) as client_:
        head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        client_.sendall(f"{head}Content-Length: 9\r\n\r\n{{".encode())
        assert client_.recv(100).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("DELETE", "/v1/events", 405), ("POST", "/v1/event", 404)]
)
def test_what_is_not_there_is_a_problem_too(method: str, path: str, status: int) -> None:
    with serving(Publishing()) as place:
        told, answered, problem = ask(place, method, path)
    assert told == problem["status"] == status
    assert answered["content-type"] == "application/problem+json"
    assert path in problem["detail"]


def test_health_is_told() -> None:
    known = False
    with serving(Publishing(), ready=lambda: known) as place:
        assert ask(place, "GET", "/livez")[0] == HTTPStatus.OK
        assert ask(place, "GET", "/readyz")[0] == HTTPStatus.SERVICE_UNAVAILABLE
        known = True
        assert ask(place, "GET", "/readyz")[0] == HTTPStatus.OK


def test_a_port_that_is_taken_is_one_clear_error() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(InvalidSettings, match=r"listen there: address already in use\. Choose"),
    ):
        bind("127.0.0.1", taken.getsockname()[1])


def test_an_address_that_is_taken_accepts_nobody_before_it_serves() -> None:
    """Or who emits meanwhile would wait, and not know at the end what has arrived."""
    with bind("127.0.0.1", 0) as bound:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(bound.getsockname(), timeout=60)
        Service(Starlette(), bound)
        socket.create_connection(bound.getsockname(), timeout=60).close()


def test_of_two_that_take_an_address_the_second_is_told_when_it_is_to_serve() -> None:
    with bind("127.0.0.1", 0) as bound, bind(*bound.getsockname()) as second:
        Service(Starlette(), bound)
        with pytest.raises(InvalidSettings, match=r"listen there: address already in use\. Choose"):
            Service(Starlette(), second)


def test_a_part_of_another_program_hands_events_over() -> None:
    """As a Django project does without a broker of its own."""
    broker = Publishing()
    with serving(broker) as (host, port):
        hand_over(host, port, [EVENT], TOKEN)
        with pytest.raises(NotAuthenticated) as caught:
            hand_over(host, port, [EVENT], new_token_text("k3f9qaxy"))
    assert "DURIAN_TOKEN" in caught.value.advice
    assert broker.published[0][0].body == EVENT.body


def test_the_client_says_that_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(ServerUnavailable, match="nothing listens there") as caught:
        hand_over("127.0.0.1", port, [EVENT])
    assert "durian up" in caught.value.advice
