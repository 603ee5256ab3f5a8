from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db.models import F

from durian.django import bulk
from durian.hook import ModelHook, use
from durian.registry import hooks
from tests.support.hooks import Recording
from tests.support.people.models import Person, VipPerson

pytestmark = pytest.mark.django_db(databases=["default", "other"])


class PersonHook(ModelHook):
    name = "person"
    model = Person
    provides_args = ("name", "age")


@pytest.fixture(autouse=True)
def recording() -> Iterator[Recording]:
    deployment = Recording()
    before = use(deployment)
    hooks.register(PersonHook)
    yield deployment
    hooks.unregister(PersonHook)
    use(before)


def test_instances_created_in_bulk_are_told(recording: Recording) -> None:
    made = bulk.create(Person, [Person(name="Joe"), Person(name="Bo")])

    assert [one.pk for one in made] == list(Person.objects.values_list("pk", flat=True))
    assert recording.take() == [
        {"name": "Joe", "age": None, "created": True},
        {"name": "Bo", "age": None, "created": True},
    ]


def test_instances_changed_in_bulk_are_told(recording: Recording) -> None:
    made = bulk.create(Person, [Person(name="Joe"), Person(name="Bo")])
    recording.take()
    for one in made:
        one.age = 7
    bulk.save(Person, made, ["age"])

    assert recording.take() == [
        {"name": "Joe", "age": 7, "created": False},
        {"name": "Bo", "age": 7, "created": False},
    ]


def test_rows_updated_by_a_query_are_told_as_they_are_afterwards(recording: Recording) -> None:
    bulk.create(Person, [Person(name="Joe", age=1), Person(name="Bo", age=2)])
    recording.take()
    count = bulk.update(Person.objects.filter(age=1), age=F("age") + 10)

    assert count == 1
    assert recording.take() == [{"name": "Joe", "age": 11, "created": False}]


def test_what_an_update_in_bulk_changes_is_told_when_it_is_tracked(recording: Recording) -> None:
    bulk.create(Person, [Person(name="Joe", age=1), Person(name="Bo", age=2)])
    hook = ModelHook(name="tracked", model=Person, provides_args=["age"], track_changes=True)
    hooks.register(hook)
    recording.take()
    bulk.update(Person.objects.all(), age=2, address="2 Oak Street")
    hooks.unregister(hook)

    tracked = [event.data for event in recording.events if event.type == "tracked"]
    assert tracked == [
        {"age": 2, "created": False, "changed": ["age"]},
        {"age": 2, "created": False, "changed": []},
    ]


def test_another_database_is_told_of_as_such(recording: Recording) -> None:
    bulk.create(Person, [Person(name="Joe")], using="other")
    bulk.update(Person.objects.using("other").all(), name="Jo")

    assert recording.databases == ["other", "other"]
    assert Person.objects.count() == 0


def test_heirs_are_told_of(recording: Recording) -> None:
    bulk.create(VipPerson, [VipPerson(name="Vip")])

    assert len(recording.take()) == 1


def test_what_would_leave_open_what_was_created_is_refused() -> None:
    with pytest.raises(ValueError, match="leaves open"):
        bulk.create(Person, [Person(name="Joe")], ignore_conflicts=True)
