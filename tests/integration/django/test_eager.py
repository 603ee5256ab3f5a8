from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections, transaction

from durian.django.deployment import DjangoDeployment
from durian.django.models import OutboxEvent
from durian.django.settings import DjangoSettings
from durian.errors import BrokerUnavailable
from durian.hook import Hook, use

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "other"])

#: Seconds that another thread may take.
PATIENCE_S = 30


class FakeRelay:
    """Counts how often it is asked, and fails when it is told to."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.fails = False

    def turn(self) -> int:
        self.asked.release()
        if self.fails:
            raise BrokerUnavailable
        return 0


class Eager(DjangoDeployment):
    """A project that relays at once, by a fake."""

    def __init__(self) -> None:
        super().__init__(DjangoSettings(eager=True))
        self.relay = FakeRelay()

    @contextmanager
    def make_relay(self, databases: object = None, **_: object) -> Iterator[FakeRelay]:  # type: ignore[override]  # as much of a relay as is asked for
        assert databases is None
        yield self.relay


@pytest.fixture
def project() -> Iterator[Eager]:
    project = Eager()
    before = use(project)
    yield project
    use(before)
    project.close()
    connections.close_all()


def test_a_commit_is_relayed_at_once(project: Eager) -> None:
    with transaction.atomic():
        Hook(name="ping").send(None)
        assert not project.relay.asked.acquire(blocking=False)
    assert project.relay.asked.acquire(timeout=PATIENCE_S)
    assert OutboxEvent.objects.count() == 1


def test_it_goes_on_after_a_failure(project: Eager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("durian.django.eager._PAUSE_S", 0)
    project.relay.fails = True
    Hook(name="ping").send(None)
    assert project.relay.asked.acquire(timeout=PATIENCE_S)
    project.relay.fails = False
    Hook(name="ping").send(None)
    assert project.relay.asked.acquire(timeout=PATIENCE_S)


def test_what_was_committed_is_relayed_before_the_end(project: Eager) -> None:
    Hook(name="ping").send(None)
    assert project.relay.asked.acquire(timeout=PATIENCE_S)
    project.close()

    assert project.relay.asked.acquire(blocking=False)
    assert not any(each.name == "durian-eager-relay" for each in threading.enumerate())
