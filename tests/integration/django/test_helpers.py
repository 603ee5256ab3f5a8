"""What projects use in their own tests."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from unittest.mock import ANY
from uuid import UUID

import pytest
from django.db import transaction
from django.test import TransactionTestCase, override_settings

from durian.django.test import DurianTestCase, EventAssertions, capture_events
from durian.hook import Hook, ModelHook, current
from durian.registry import hooks
from tests.support.people.models import Person


class PersonHook(ModelHook):
    name = "person"
    model = Person
    provides_args = ("name",)


class TestEvents(DurianTestCase):
    databases = frozenset({"default"})

    def setUp(self) -> None:
        hooks.register(PersonHook)
        self.addCleanup(hooks.unregister, "person")

    def test_events_are_captured_in_a_transaction_that_never_commits(self) -> None:
        before = current()
        with capture_events() as events:
            Person.objects.create(name="Joe")
            assert len(events) == 1
            Person.objects.create(name="Bo")

        assert events.of("person") == [
            {"name": "Joe", "created": True},
            {"name": "Bo", "created": True},
        ]
        assert events[0].type == "person"
        assert current() is before

    def test_what_is_rolled_back_is_not_captured(self) -> None:
        with capture_events() as events, transaction.atomic():
            Person.objects.create(name="Joe")
            transaction.set_rollback(True)

        assert list(events) == []

    def test_a_hook_that_would_deliver_here_is_captured_too(self) -> None:
        with capture_events() as events:
            Hook(name="ping", asynchronous=False).send(None, count=1)

        assert events.of("ping") == [{"count": 1}]

    def test_assertions_tell_what_was_emitted(self) -> None:
        with self.assert_emits("person", {"name": "Joe"}):
            Person.objects.create(name="Joe")
        with self.assert_emits("person", times=2):
            Person.objects.create(name="Joe")
            Person.objects.create(name="Bo")
        with self.assert_emits_nothing():
            Person.objects.count()

        with pytest.raises(AssertionError, match=r"an event 'person' with {'name': 'Bo'} expected"):
            self._create_joe_and_expect_bo()
        with pytest.raises(AssertionError, match="no events expected"):
            self._create_joe_and_expect_nothing()

    def test_values_are_compared_as_they_are_written(self) -> None:
        given = {"weight": Decimal("1.50"), "id": UUID(int=7), "born": date(2016, 2, 29)}
        with self.assert_emits("ping", given | {"any": ANY}):
            Hook(name="ping").send(None, **given, any=1)
        with pytest.raises(AssertionError, match="0 found"), self.assert_emits("ping", given):
            Hook(name="ping").send(None, **given | {"weight": Decimal("1.49")})
        with pytest.raises(AssertionError, match="0 found"), self.assert_emits("ping", {"x": self}):
            Hook(name="ping").send(None, x=1)

    async def test_coroutines_capture_events_too(self) -> None:
        async with capture_events() as events, self.assert_emits("person", {"name": "Joe"}):
            await Person.objects.acreate(name="Joe")

        assert events.of("person") == [{"name": "Joe", "created": True}]
        with pytest.raises(AssertionError, match="no events expected"):
            async with self.assert_emits_nothing():
                await Person.objects.acreate(name="Bo")

    def test_a_setting_that_a_test_overrides_counts(self) -> None:
        with override_settings(DURIAN={"SOURCE": "/of-a-test"}):
            assert current().settings.source == "/of-a-test"
        assert current().settings.source == "/durian"

    def _create_joe_and_expect_bo(self) -> None:
        with self.assert_emits("person", {"name": "Bo"}):
            Person.objects.create(name="Joe")

    def _create_joe_and_expect_nothing(self) -> None:
        with self.assert_emits_nothing():
            Person.objects.create(name="Joe")


class TestCommitted(EventAssertions, TransactionTestCase):  # type: ignore[misc]  # Django has no types
    """The assertions beside another test case."""

    def test_what_is_committed_is_told(self) -> None:
        hooks.register(PersonHook)
        self.addCleanup(hooks.unregister, "person")
        with self.assert_emits("person"):
            Person.objects.create(name="Joe")
