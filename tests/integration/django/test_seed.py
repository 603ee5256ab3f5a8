"""The page of the first durian, sentence by sentence, in today's spelling."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models import signals
from django.http import HttpResponse
from django.test import RequestFactory

from durian.errors import Conflict, NotFound
from durian.hook import Deployment, Hook, ModelHook
from durian.match import Any as Anything
from durian.match import Contains, Endswith, Is, Like, Startswith
from durian.registry import hooks
from tests.integration.django.conftest import Listening
from tests.support.people.models import Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("deployment")]


class PersonHook(ModelHook):
    """Send what is said of a person, and keep the secret."""

    name = "person"
    model = Person
    signal = signals.post_save
    provides_args = ("name", "address")
    asynchronous = False


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """Register it in the global webhook registry."""
    hooks.register(PersonHook)
    yield
    hooks.unregister(PersonHook)


def save(name: str, address: str = "1 Elm Street") -> Person:
    person: Person = Person.objects.create(name=name, address=address, secret="hidden")
    return person


def test_whenever_the_signal_is_fired_the_hook_is_triggered(listening: Listening) -> None:
    PersonHook().listener(url=listening.url).save()
    person = save("Joe")
    person.address = "2 Oak Street"
    person.save()

    assert listening.take() == [
        {"name": "Joe", "address": "1 Elm Street", "created": True},
        {"name": "Joe", "address": "2 Oak Street", "created": False},
    ]


def test_a_secret_field_is_not_passed_on_to_listeners(listening: Listening) -> None:
    PersonHook().listener(url=listening.url).save()
    save("Joe")

    assert "hidden" not in json.dumps(listening.take())


def test_send_event_when_person_with_name_joe_is_changed_or_added(listening: Listening) -> None:
    PersonHook().listener(url=listening.url).match(name="Joe").save()
    for name in ("Joe", "joe", "Joey", "Bo"):
        save(name)

    assert [payload["name"] for payload in listening.take()] == ["Joe"]


def test_whenever_a_person_with_a_name_that_starts_with_j(listening: Listening) -> None:
    PersonHook().listener(url=listening.url).match(name=Startswith("J")).save()
    for name in ("Joe", "joe", "Jill", "Bo"):
        save(name)

    assert [payload["name"] for payload in listening.take()] == ["Joe", "Jill"]


def test_send_event_when_any_person_is_changed_or_added(listening: Listening) -> None:
    PersonHook().listener(url=listening.url).save()
    for name in ("Joe", "Bo"):
        save(name)

    assert [payload["name"] for payload in listening.take()] == ["Joe", "Bo"]


@pytest.mark.parametrize(
    ("matcher", "names"),
    [
        (Anything(), ["Joe Smith", "Jill", "Bo"]),
        (Is("Jill"), ["Jill"]),
        (Startswith("J"), ["Joe Smith", "Jill"]),
        (Endswith("ll"), ["Jill"]),
        (Contains("Smi"), ["Joe Smith"]),
        (Like(r"o\b"), ["Bo"]),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, list) else "",
)
def test_the_filters_can_use_special_matching_classes(
    matcher: Any, names: list[str], listening: Listening
) -> None:
    PersonHook().listener(url=listening.url).match(name=matcher).save()
    for name in ("Joe Smith", "Jill", "Bo"):
        save(name)

    assert [payload["name"] for payload in listening.take()] == names


def test_any_matches_even_if_the_field_is_not_sent_at_all(listening: Listening) -> None:
    hook = Hook(name="plain", provides_args=["name", "nickname"], asynchronous=False)
    hook.listener(url=listening.url).match(nickname=Anything()).save()
    hook.send(None, name="Joe")

    assert listening.take() == [{"name": "Joe"}]


def test_the_tasks_are_executed_locally_when_asynchronous_is_false(
    listening: Listening, deployment: Deployment
) -> None:
    """There is no broker: what arrives was sent by this very process, and is in the log."""
    assert deployment.settings.broker_url == ""
    saved = PersonHook().listener(url=listening.url).save()
    save("Joe")

    (attempt,) = deployment.store.list_attempts().attempts
    assert (attempt.listener_id, attempt.result, attempt.status) == (saved.id, "delivered", 200)


def test_view_for_listening_url() -> None:
    def listens(request: Any) -> HttpResponse:
        payload = json.loads(request.body)
        return HttpResponse(f"thanks, {payload['name']}!")

    request = RequestFactory().post("/", {"name": "Joe"}, content_type="application/json")
    assert listens(request).content == b"thanks, Joe!"


def test_registering_a_taken_name_and_unregistering_a_free_one_fail() -> None:
    with pytest.raises(Conflict):
        hooks.register(PersonHook)
    with pytest.raises(NotFound):
        hooks.unregister("nobody")


def test_hooks_are_choices_of_a_form() -> None:
    assert ("person", "person") in hooks.as_choices()
