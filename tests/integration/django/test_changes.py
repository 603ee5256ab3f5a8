"""What a hook that tracks changes tells of them."""

from __future__ import annotations

from typing import Any

import pytest

from durian.match import Filter
from tests.support.hooks import Bind, Recording
from tests.support.people.models import Owner, Person

pytestmark = pytest.mark.django_db


def person(**fields: Any) -> Person:
    made: Person = Person.objects.create(**{"name": "Joe", "address": "1 Elm Street"} | fields)
    return made


def test_what_has_changed_is_told_when_it_is_tracked(recording: Recording, bind: Bind) -> None:
    bind("name", "address", "notes", "owner.email", track_changes=True)
    person(notes={"a": 1})
    one = Person.objects.get()
    one.name = "Jo"
    one.secret = "of no interest"
    one.save()
    one.save()
    one.notes["a"] = 2
    one.owner = Owner.objects.create(email="o@x.org", name="O")
    one.save()

    changes = [data["changed"] for data in recording.take()]  # type: ignore[index]  # each is a dict
    assert changes == [["name", "address", "notes", "owner"], ["name"], [], ["notes", "owner"]]


def test_a_listener_may_ask_for_what_has_changed(recording: Recording, bind: Bind) -> None:
    hook = bind("name", "address", track_changes=True)
    hook.listener(url="https://joe.example/").match(changed="name", name="Jo").save()
    one = Person.objects.get(pk=person().pk)
    one.name = "Jo"
    one.save()
    one.address = "2 Oak Street"
    one.save()

    wanted = Filter.parse(recording.listeners[0].filter)
    assert [wanted.matches(event) for event in recording.events] == [False, True, False]


def test_a_partial_save_tells_of_what_it_saved(recording: Recording, bind: Bind) -> None:
    bind("name", "address", track_changes=True)
    one = person()
    one.name, one.address = "Jo", "2 Oak Street"
    one.save(update_fields=["name"])
    one.save()

    changes = [data["changed"] for data in recording.take()]  # type: ignore[index]  # each is a dict
    assert changes == [["name", "address"], ["name"], ["address"]]


def test_what_is_loaded_later_counts_as_loaded(recording: Recording, bind: Bind) -> None:
    bind("name", "address", "owner.email", track_changes=True)
    person()
    one = Person.objects.defer("address").get()
    assert one.address == "1 Elm Street"  # which loads it
    one.save()
    Person.objects.update(name="Jo", address="2 Oak Street")
    one.refresh_from_db(fields=["name"])
    one.save(update_fields=["name"])
    one.name = "Joey"
    one.refresh_from_db()
    one.save()

    changes = [data["changed"] for data in recording.take()[1:]]  # type: ignore[index]  # each is a dict
    assert changes == [[], [], []]


def test_each_hook_of_a_model_is_told_what_has_changed(recording: Recording, bind: Bind) -> None:
    bind("name", "address", track_changes=True)
    bind("name", "age", name="other", track_changes=True)
    person()
    one = Person.objects.get()
    one.name = "Jo"
    one.save()
    one.save()

    changes = [data["changed"] for data in recording.take()[2:]]  # type: ignore[index]  # each is a dict
    assert changes == [["name"], ["name"], [], []]


def test_a_deferred_field_is_not_loaded_to_be_tracked(
    bind: Bind, django_assert_num_queries: Any
) -> None:
    bind("address", track_changes=True)
    person()
    with django_assert_num_queries(1):
        one = Person.objects.defer("address").get()

    assert one.get_deferred_fields() == {"address"}


@pytest.mark.parametrize(
    ("args", "kwargs", "changed"),
    [
        ((), {}, []),
        (("default", None, "of a third"), {}, []),
        (("default", ["name"]), {}, ["address"]),
        ((), {"fields": ["name"]}, ["address"]),
        ((), {"of_its_own": 1}, []),
    ],
)
def test_a_model_that_loads_itself_again_in_its_own_way_gets_what_was_given(
    monkeypatch: pytest.MonkeyPatch,
    recording: Recording,
    bind: Bind,
    *,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    changed: list[str],
) -> None:
    def refresh(self: Person, *given: Any, **named: Any) -> Any:
        self.name = "Jo"
        return given, named

    monkeypatch.setattr(Person, "refresh_from_db", refresh)
    bind("name", "address", track_changes=True)
    one = person()
    one.address = "2 Oak Street"

    assert one.refresh_from_db(*args, **kwargs) == (args, kwargs)
    one.save()
    assert recording.events[-1].data["changed"] == changed
