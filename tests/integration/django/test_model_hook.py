from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import django
import pytest
from django.apps import AppConfig
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F, signals
from django.dispatch import Signal
from django.test import modify_settings

from durian.errors import InvalidEvent, InvalidHook, InvalidSettings
from durian.hook import ModelHook
from tests.support.hooks import Bind, Recording
from tests.support.people.models import (
    Comment,
    Employee,
    Invoice,
    Owner,
    Parcel,
    Person,
    Tag,
    VipPerson,
)

pytestmark = pytest.mark.django_db(databases=["default", "other"])


def person(**fields: Any) -> Person:
    given = {"name": "Joe", "address": "1 Elm Street", "secret": "hidden"}
    made: Person = Person.objects.create(**given | fields)
    return made


def test_without_provides_args_every_field_but_the_primary_key_is_sent(
    recording: Recording, bind: Bind
) -> None:
    bind()
    person(age=7, born=date(2016, 2, 29), notes={"a": [1]})

    assert recording.take() == [
        {
            "name": "Joe",
            "address": "1 Elm Street",
            "secret": "hidden",
            "age": 7,
            "born": "2016-02-29",
            "notes": {"a": [1]},
            "photo": "",
            "owner": None,
            "created": True,
        }
    ]


def test_paths_follow_foreign_keys(recording: Recording, bind: Bind) -> None:
    bind("name", "owner.email", "owner.name")
    owner = Owner.objects.create(email="o@x.org", name="O")
    person(owner=owner)
    person(name="Bo")

    assert recording.take() == [
        {"name": "Joe", "owner": {"email": "o@x.org", "name": "O"}, "created": True},
        {"name": "Bo", "owner": {"email": None, "name": None}, "created": True},
    ]


def test_a_foreign_key_itself_is_the_key_of_the_other(recording: Recording, bind: Bind) -> None:
    bind("owner")
    owner = Owner.objects.create(email="o@x.org", name="O")
    person(owner=owner)

    assert recording.take() == [{"owner": owner.pk, "created": True}]


def test_properties_methods_and_functions_are_provided(recording: Recording, bind: Bind) -> None:
    def shout(one: Person) -> str:
        return str(one.name).upper()

    bind("initial", "greeting", shout)
    person()

    assert recording.take() == [
        {"initial": "J", "greeting": "Hello Joe", "shout": "JOE", "created": True}
    ]


def test_a_function_may_return_instances_and_queries(recording: Recording, bind: Bind) -> None:
    bind(
        provides_args={
            "owner": lambda one: one.owner,
            "tags": lambda one: one.tags.order_by("name"),
            "names": lambda one: one.tags.order_by("name").values_list("name", flat=True),
        }
    )
    one = person(owner=Owner.objects.create(email="o@x.org", name="O"))
    red, blue = (Tag.objects.create(name=name) for name in ("red", "blue"))
    one.tags.add(red, blue)
    one.save()

    assert recording.take()[-1] == {
        "owner": one.owner.pk,
        "tags": [blue.pk, red.pk],
        "names": ["blue", "red"],
        "created": False,
    }


def test_a_hook_may_make_its_data_itself(recording: Recording) -> None:
    class Serialized(ModelHook):
        name = "person"
        model = Person
        provides_args = ("name",)

        def data_of(self, payload: Mapping[str, Any]) -> Any:
            return {"who": payload["instance"].name, "created": payload.get("created")}

    hook = Serialized()
    hook.bind()
    person()
    hook.unbind()

    assert recording.take() == [{"who": "Joe", "created": True}]
    assert hook.offers() == ["name", "created"]


def test_what_cannot_be_written_is_named_with_its_hook(bind: Bind) -> None:
    bind(provides_args={"name": "name", "inner.odd": lambda _: [1, {"x": object()}]})

    with pytest.raises(InvalidEvent, match=r"data\.inner\.odd\.1\.x: cannot be written") as raised:
        person()
    assert raised.value.__notes__ == ["It is of the hook 'person'."]


def test_the_key_is_sent_when_it_is_named(recording: Recording, bind: Bind) -> None:
    bind("id", "pk")
    one = person()

    assert recording.take() == [{"id": one.pk, "pk": one.pk, "created": True}]


def test_values_have_the_type_of_their_field(recording: Recording, bind: Bind) -> None:
    """Filters compare strictly: what was assigned as text must not differ from what is loaded."""
    bind("age", "born")
    one = person(age="7", born="2016-02-29")
    one.refresh_from_db()
    one.save()

    first, second = recording.take()
    assert first == {"age": 7, "born": "2016-02-29", "created": True}
    assert second == {"age": 7, "born": "2016-02-29", "created": False}


@pytest.mark.parametrize("assigned", ["1.5", 1.5, 1, Decimal("1.500")])
def test_a_decimal_has_as_many_places_as_when_it_is_loaded(
    recording: Recording, bind: Bind, assigned: Any
) -> None:
    bind("weight", name="parcel", model=Parcel)
    Parcel.objects.create(weight=assigned)
    Parcel.objects.get().save()

    first, second = (data["weight"] for data in recording.take())  # type: ignore[index]  # each is a dict
    assert first == second


def test_a_decimal_of_a_projects_own_field_is_sent_as_that_field_has_it(
    recording: Recording, bind: Bind
) -> None:
    bind("paid", name="invoice", model=Invoice)
    Invoice.objects.create(net=1, paid="1.250")
    Invoice.objects.get().save()

    assert recording.take() == [
        {"paid": "1.250", "created": True},
        {"paid": "1.250", "created": False},
    ]


@pytest.mark.skipif(django.VERSION < (5,), reason="generated fields came with Django 5.0")
def test_a_generated_decimal_has_the_places_of_its_output(recording: Recording, bind: Bind) -> None:
    bind("doubled", name="invoice", model=Invoice)
    Invoice.objects.create(net="1.5", paid=0)
    Invoice.objects.get().save()

    assert recording.take() == [
        {"doubled": "3.00", "created": True},
        {"doubled": "3.00", "created": False},
    ]


def test_an_expression_is_sent_as_its_value(recording: Recording, bind: Bind) -> None:
    bind("age")
    one = person(age=7)
    one.age = F("age") + 1
    one.save()

    assert recording.take()[-1] == {"age": 8, "created": False}


def test_uuids_decimals_binaries_and_users_of_a_project_are_sent(
    recording: Recording, bind: Bind
) -> None:
    bind("id", "weight", "sealed", "recipient", name="parcel", model=Parcel)
    user = get_user_model().objects.create(username="joe")
    parcel = Parcel.objects.create(weight=Decimal("1.50"), recipient=user, sealed=b"\x00\xff")

    assert isinstance(user.pk, uuid.UUID)
    assert recording.take() == [
        {
            "id": str(parcel.pk),
            "weight": "1.50",
            "sealed": "AP8=",
            "recipient": str(user.pk),
            "created": True,
        }
    ]


def test_a_file_is_sent_by_its_name(
    recording: Recording, bind: Bind, tmp_path: Any, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    bind("photo")
    person(photo=SimpleUploadedFile("joe.png", b"png"))

    assert recording.take() == [{"photo": "joe.png", "created": True}]


def test_a_named_field_beats_the_signals_own_argument(recording: Recording, bind: Bind) -> None:
    bind(provides_args={"created": "name"})
    person()

    assert recording.take() == [{"created": "Joe"}]


def test_deletions_are_told(recording: Recording, bind: Bind) -> None:
    bind("name", name="person.deleting", signal=signals.pre_delete)
    bind("name", name="person.deleted", signal="django.db.models.signals.post_delete")
    one = person()
    one.delete()

    assert [event.type for event in recording.events] == ["person.deleting", "person.deleted"]
    assert recording.take() == [{"name": "Joe"}, {"name": "Joe"}]


def test_the_deletion_of_an_heir_is_told_once(recording: Recording, bind: Bind) -> None:
    """Its row goes with that of the model, and Django sends signals for both."""
    bind("name", signal=signals.post_delete)
    bind("salary", name="employee", model=Employee, signal=signals.pre_delete)
    Employee.objects.create(name="Worker", salary=1).delete()
    VipPerson.objects.create(name="Vip").delete()

    assert recording.take() == [{"salary": 1}, {"name": "Worker"}, {"name": "Vip"}]


def test_an_heir_that_leaves_the_models_row_is_no_deletion(
    recording: Recording, bind: Bind
) -> None:
    bind("name", signal=signals.post_delete)
    Employee.objects.create(name="Worker", salary=1).delete(keep_parents=True)

    assert recording.take() == []


def test_many_to_many_relations_are_told_from_either_end(recording: Recording, bind: Bind) -> None:
    bind("name", name="person.tags", signal=signals.m2m_changed, sender=Person.tags.through)
    one, other = person(), person(name="Bo")
    red, blue = (Tag.objects.create(name=name) for name in ("red", "blue"))
    one.tags.add(red, blue)
    one.tags.remove(blue)
    red.person_set.add(other)
    one.tags.clear()

    assert recording.take() == [
        {"name": "Joe", "action": "post_add", "pk_set": [red.pk, blue.pk]},
        {"name": "Joe", "action": "post_remove", "pk_set": [blue.pk]},
        {"name": "Bo", "action": "post_add", "pk_set": [red.pk]},
        {"name": "Joe", "action": "post_clear", "pk_set": None},
    ]


def test_a_relation_to_many_is_sent_as_keys(recording: Recording, bind: Bind) -> None:
    bind("tags")
    one = person()
    red, blue = (Tag.objects.create(name=name) for name in ("red", "blue"))
    one.tags.add(blue, red)
    one.save()

    assert recording.take()[-1] == {"tags": [red.pk, blue.pk], "created": False}


def test_signals_of_ones_own_trigger_hooks(recording: Recording, bind: Bind) -> None:
    moved = Signal()
    bind("name", name="person.moved", signal=moved)
    moved.send(sender=Person, instance=person(), how="by train")

    assert recording.take() == [{"name": "Joe"}]


def test_heirs_of_a_model_count_too(recording: Recording, bind: Bind) -> None:
    bind("name")
    VipPerson.objects.create(name="Vip")
    Employee.objects.create(name="Worker", salary=1)

    names = [data["name"] for data in recording.take()]  # type: ignore[index]  # each is a dict
    assert names == ["Vip", "Worker"]


def test_fixtures_are_no_events(recording: Recording, bind: Bind) -> None:
    bind("name")
    signals.post_save.send(
        sender=Person, instance=Person(name="Joe"), created=True, raw=True, using="default"
    )

    assert recording.take() == []


def test_the_database_of_a_change_is_known(recording: Recording, bind: Bind) -> None:
    bind("name")
    Person.objects.using("other").create(name="Joe")

    assert recording.databases == ["other"]


def test_an_unbound_hook_is_silent(recording: Recording, bind: Bind) -> None:
    hook = bind("name", track_changes=True)
    hook.unbind()
    one = person()

    assert recording.take() == []
    assert not hasattr(one, "_durian_seen")


def test_an_unbound_hook_leaves_its_model_as_it_was(bind: Bind) -> None:
    hook = bind("name", track_changes=True)
    other = ModelHook(name="other", model=Person, track_changes=True)
    other.bind()
    other.unbind()

    assert "from_db" in Person.__dict__
    hook.unbind()
    assert "from_db" not in Person.__dict__


def test_a_hook_can_be_sent_by_hand(recording: Recording, bind: Bind) -> None:
    hook = bind("name")
    one = person()
    recording.take()
    hook.send(None, instance=one)

    assert recording.take() == [{"name": "Joe"}]
    with pytest.raises(InvalidHook, match="needs an instance of Person"):
        hook.send(None, name="Joe")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("nmae", r"is no field, property or method of Person\. Did you mean 'name'"),
        ("owner.phone", "'phone' is no field, property or method of Owner"),
        ("name.first", "'name' of Person has no fields of its own"),
        ("tags.name", "'tags' of Person leads to many"),
        ("save", "'save' of Person changes data"),
    ],
)
def test_paths_that_lead_nowhere_are_explained(path: str, reason: str) -> None:
    with pytest.raises(InvalidHook, match=reason):
        ModelHook(name="x", model=Person, provides_args=[path])


@pytest.mark.parametrize("path", ["about", "about.name"])
def test_a_path_to_instances_of_any_model_is_explained(path: str) -> None:
    with pytest.raises(InvalidHook, match=r"any model\. Name content_type\.model and object_id"):
        ModelHook(name="x", model=Comment, provides_args=[path])


def test_a_path_may_go_back_over_a_one_to_one_relation(recording: Recording, bind: Bind) -> None:
    bind("employee.salary", name="salary")
    person()
    Person.objects.get(pk=Employee.objects.create(name="Worker", salary=1).pk).save()

    salaries = [data["employee"]["salary"] for data in recording.take()]  # type: ignore[index]  # each is a dict
    assert salaries == [None, 1, 1]


def test_a_model_hook_needs_a_model() -> None:
    with pytest.raises(InvalidHook, match="is no model"):
        ModelHook(name="x")


def test_a_hook_offers_what_its_signal_says(bind: Bind) -> None:
    through = Person.tags.through
    assert bind("name", track_changes=True).offers() == ["name", "created", "changed"]
    assert bind("name", name="x", signal=signals.post_delete).offers() == ["name"]
    related = bind("name", name="y", signal=signals.m2m_changed, sender=through)
    assert related.offers() == ["name", "action", "pk_set"]


def test_a_model_hook_needs_the_app(bind: Bind) -> None:
    """Nobody else waits for the commit."""
    with (
        modify_settings(INSTALLED_APPS={"remove": ["durian.django"]}),
        pytest.raises(InvalidSettings, match=r"INSTALLED_APPS: lacks \"durian\.django\""),
    ):
        bind()


def test_the_namespace_is_no_app() -> None:
    with pytest.raises(ImproperlyConfigured, match=r'write "durian\.django"'):
        AppConfig.create("durian")
