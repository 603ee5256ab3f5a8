"""The same receiver behind Django, Starlette, FastAPI's way of mounting, and Flask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import django
import flask
import pytest
from django.conf import settings
from django.test import RequestFactory
from starlette.applications import Starlette

from durian.events import Event, http
from durian.receiver import Receiver
from durian.receiver import django as django_adapter
from durian.receiver import flask as flask_adapter
from durian.receiver import starlette as starlette_adapter
from tests.unit.receiver.conftest import NOW, SECRET, Parts, Signed

#: Sends a request to an application: its status and text.
Post = Callable[[dict[str, str], bytes], tuple[int, str]]


@dataclass
class Application:
    """An application with a view for webhooks, and what it has handled."""

    handled: list[Event] = field(default_factory=list)
    error: Exception | None = None

    def handle(self, event: Event) -> None:
        if self.error is not None:
            raise self.error
        self.handled.append(event)

    async def handle_async(self, event: Event) -> None:
        self.handle(event)


def new_receiver() -> Receiver:
    return Receiver([SECRET], max_body_bytes=1000, now=lambda: NOW)


def by_django(application: Application) -> Iterator[Post]:
    view = django_adapter.webhook_view(new_receiver(), application.handle)

    def post(headers: dict[str, str], body: bytes) -> tuple[int, str]:
        sent = {name: value for name, value in headers.items() if name != "content-type"}
        request = RequestFactory().post(
            "/hook/", body, content_type=headers["content-type"], headers=sent
        )
        response = view(request)
        return response.status_code, response.content.decode()

    yield post


def by_flask(application: Application) -> Iterator[Post]:
    app = flask.Flask("test")
    view = flask_adapter.webhook_view(new_receiver(), application.handle)
    app.add_url_rule("/hook", "hook", view, methods=["POST"])
    app.config["PROPAGATE_EXCEPTIONS"] = True

    def post(headers: dict[str, str], body: bytes) -> tuple[int, str]:
        response = app.test_client().post("/hook", headers=headers, data=body)
        return response.status_code, response.text

    yield post


def _starlette(handle: Callable[[Event], object]) -> Iterator[Post]:
    app = Starlette()
    endpoint = starlette_adapter.webhook_endpoint(new_receiver(), handle)
    app.add_route("/hook", endpoint, methods=["POST"])

    def post(headers: dict[str, str], body: bytes) -> tuple[int, str]:
        return asyncio.run(_by_asgi(app, headers, body))

    yield post


async def _by_asgi(app: Starlette, headers: dict[str, str], body: bytes) -> tuple[int, str]:
    """Post to an application as a server does, the body in two parts."""
    parts = iter([(body[:50], True), (body[50:], False)])
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        part, more = next(parts)
        return {"type": "http.request", "body": part, "more_body": more}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/hook",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    await app(scope, receive, send)
    return sent[0]["status"], sent[1]["body"].decode()


def by_starlette(application: Application) -> Iterator[Post]:
    yield from _starlette(application.handle)


def by_starlette_async(application: Application) -> Iterator[Post]:
    yield from _starlette(application.handle_async)


@pytest.fixture(scope="session", autouse=True)
def _django() -> None:
    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["testserver"], SECRET_KEY="of a test")
        django.setup()


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture(params=[by_django, by_flask, by_starlette, by_starlette_async])
def post(request: Any, application: Application) -> Iterator[Post]:
    yield from request.param(application)


def test_an_event_is_handled_once(
    post: Post, application: Application, request_parts: Parts
) -> None:
    assert post(*request_parts) == (204, "")
    assert post(*request_parts) == (200, "This event was handled before.")
    (event,) = application.handled
    assert (event.type, event.data) == ("person.created", {"name": "Joe"})


def test_each_event_of_a_batch_is_handled_once(
    post: Post, application: Application, signed: Signed
) -> None:
    events = [Event(id=str(number), type="order") for number in range(3)]
    assert post(*signed(http.encode_batch(events[:2]))) == (204, "")
    assert post(*signed(http.encode_batch(events))) == (204, "")
    assert post(*signed(http.encode_batch(events[1:]))) == (200, "This event was handled before.")
    assert [event.id for event in application.handled] == ["0", "1", "2"]


def test_a_changed_body_is_refused(
    post: Post, application: Application, request_parts: Parts
) -> None:
    headers, body = request_parts
    status, text = post(headers, body + b" ")
    assert status == 401
    assert "No signature in webhook-signature is right" in text
    assert not application.handled


def test_a_failure_is_the_framework_s_and_the_event_comes_again(
    post: Post, application: Application, request_parts: Parts
) -> None:
    application.error = RuntimeError("the database is down")
    with pytest.raises(RuntimeError):
        post(*request_parts)
    application.error = None
    assert post(*request_parts)[0] == 204


def test_a_long_body_is_refused(post: Post, request_parts: Parts) -> None:
    headers, _ = request_parts
    status, text = post(headers, b"x" * 5000)
    assert (status, "longer than 1000 bytes" in text) == (400, True)


def test_django_takes_post_only_and_asks_for_no_csrf_token(application: Application) -> None:
    view: Any = django_adapter.webhook_view(new_receiver(), application.handle)
    assert view(RequestFactory().get("/hook/")).status_code == 405
    assert view.csrf_exempt
