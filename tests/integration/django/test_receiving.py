from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from durian.django import receiving
from durian.django.models import ReceivedWebhook
from durian.django.receiving import webhook
from durian.errors import InvalidInput
from durian.events import Event, http
from durian.signature import Signer
from tests.support.people.models import Person

pytestmark = pytest.mark.django_db

SECRET = "whsec_" + "c2VjcmV0" * 5

#: Sends a webhook to a view.
Post = Callable[..., HttpResponse]


def post(
    view: Any,
    webhook_id: str = "msg_1",
    *,
    secret: str = SECRET,
    body: bytes | None = None,
    content_type: str = "application/json",
) -> HttpResponse:
    content = json.dumps({"name": "Joe"}).encode() if body is None else body
    now = int(time.time())
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(now),
        "webhook-signature": Signer([secret]).sign(webhook_id, now, content),
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": "/shop",
        "ce-type": "person",
    }
    request = RequestFactory().post("/", content, content_type=content_type, headers=headers)
    response: HttpResponse = view(request)
    return response


@webhook(secrets=[SECRET])
def add_person(request: Any, event: Event) -> None:
    assert request.method == "POST"
    Person.objects.create(name=event.data["name"])


def names() -> list[str]:
    return list(Person.objects.values_list("name", flat=True))


def test_an_event_is_verified_and_handed_over() -> None:
    assert post(add_person).status_code == 204
    assert names() == ["Joe"]


def test_an_event_is_handled_once_by_its_webhook_id() -> None:
    post(add_person)
    again = post(add_person)

    assert (again.status_code, again.content) == (200, b"This event was handled before.")
    assert post(add_person, "msg_2").status_code == 204
    assert names() == ["Joe", "Joe"]


def batch(*events: Event) -> HttpResponse:
    """Send some events as a batch."""
    headers, body = http.encode_batch(events)
    return post(add_person, "batch_1", body=body, content_type=headers["content-type"])


def test_each_event_of_a_batch_is_handled_once_in_one_transaction() -> None:
    ann, bob, broken = (
        Event(type="person", data=data) for data in ({"name": "Ann"}, {"name": "Bob"}, {})
    )

    with pytest.raises(KeyError):
        batch(ann, broken)
    assert names() == []
    assert batch(ann, ann).status_code == 204
    assert batch(bob, ann).status_code == 204
    assert batch(ann, bob).status_code == 200
    assert batch().status_code == 204
    assert names() == ["Ann", "Bob"]


def test_what_fails_is_taken_back_and_handled_when_it_comes_again() -> None:
    fails = [True]

    @webhook(secrets=[SECRET])
    def sometimes(_: Any, event: Event) -> None:
        Person.objects.create(name=event.data["name"])
        if fails:
            fails.pop()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        post(sometimes)
    assert names() == []
    assert post(sometimes).status_code == 204
    assert names() == ["Joe"]


def test_an_answer_of_an_error_takes_back_too() -> None:
    @webhook(secrets=[SECRET])
    def busy(_: Any, event: Event) -> HttpResponse:
        Person.objects.create(name=event.data["name"])
        return HttpResponse("later", status=503)

    assert post(busy).status_code == 503
    assert (names(), ReceivedWebhook.objects.count()) == ([], 0)


def test_a_function_answers_in_its_own_words() -> None:
    @webhook(secrets=[SECRET])
    def polite(_: Any, __: Event) -> HttpResponse:
        return HttpResponse("thanks!")

    assert post(polite).content == b"thanks!"


def test_a_coroutine_function_shares_the_transaction() -> None:
    @webhook(secrets=[SECRET])
    async def add_and_fail(_: Any, event: Event) -> HttpResponse:
        await Person.objects.acreate(name=event.data["name"])
        return HttpResponse(status=500 if event.data["name"] == "Bo" else 200)

    assert post(add_and_fail, "msg_1").status_code == 200
    assert post(add_and_fail, "msg_2", body=b'{"name": "Bo"}').status_code == 500
    assert names() == ["Joe"]


def test_what_is_not_genuine_is_refused() -> None:
    assert post(add_person, secret="whsec_" + "b3RoZXJz" * 5).status_code == 401
    assert post(add_person, body=b"{").status_code == 400
    assert names() == []


def test_secrets_may_depend_on_the_request() -> None:
    @webhook(secrets=lambda request: [SECRET] if request.path == "/" else [])
    def add(_: Any, __: Event) -> None:
        """Do nothing."""

    assert post(add).status_code == 204


def test_a_secret_that_cannot_be_read_is_refused_at_once() -> None:
    with pytest.raises(InvalidInput):
        webhook(secrets=["secret"])


def test_only_posts_are_taken_and_without_a_csrf_token() -> None:
    assert add_person(RequestFactory().get("/")).status_code == 405
    assert add_person.csrf_exempt  # type: ignore[attr-defined]  # set by Django


def test_ids_are_forgotten_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "_forgotten_at", {})
    old = timezone.now() - receiving.KEEP - timedelta(days=1)
    ReceivedWebhook.objects.create(webhook_id="old", received_at=old)
    post(add_person)

    assert list(ReceivedWebhook.objects.values_list("pk", flat=True)) == ["msg_1"]
