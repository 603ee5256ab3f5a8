from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections, transaction
from django.utils import timezone

from durian.django.deployment import DjangoDeployment
from durian.django.models import OutboxEvent
from durian.django.settings import DjangoSettings
from durian.django.store import OutboxStore, outbox_databases
from durian.errors import BrokerUnavailable, OutboxUnavailable
from durian.events import Event
from durian.hook import Hook, ModelHook, use
from durian.producers import PartlyEmitted
from durian.producers.outbox import Relay
from tests.support.people.models import Person

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "other"])


class PersonHook(ModelHook):
    name = "person"
    model = Person
    provides_args = ("name",)


class FakeProducer:
    """Confirms as many events as it is told to."""

    def __init__(self, confirms: float = float("inf")) -> None:
        self.confirms = confirms
        self.events: list[Event] = []
        self.during: Callable[[], object] = lambda: None

    def emit(self, event: Event) -> Event:
        self.emit_many([event])
        return event

    def emit_many(self, events: Iterable[Event]) -> int:
        self.during()
        wanted = iter(events)
        for confirmed, event in enumerate(wanted):
            if self.confirms <= 0:
                raise PartlyEmitted(
                    "gone", confirmed=confirmed, unconfirmed=(event,), unread=wanted
                ) from BrokerUnavailable()
            self.confirms -= 1
            self.events.append(event)
        return len(self.events)

    def names(self) -> list[str]:
        names = [event.data["name"] for event in self.events]
        self.events.clear()
        return names


class Project(DjangoDeployment):
    """A project whose broker is a fake."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(DjangoSettings(**settings))
        self.fake = FakeProducer()

    def publish(self, event: Event) -> None:
        self.fake.emit(event)


@pytest.fixture
def configure() -> Iterator[Callable[..., Project]]:
    """Let hooks work with a project of some settings; binds the hook about persons."""
    hook = PersonHook()
    before = []

    def configure(**settings: Any) -> Project:
        project = Project(**settings)
        before.append(use(project))
        hook.bind()
        return project

    yield configure
    hook.unbind()
    for deployment in reversed(before):
        use(deployment)


class Undone(Exception):
    """Ends a transaction by a rollback."""


@contextlib.contextmanager
def rolled_back() -> Iterator[None]:
    """Run a block in a transaction (or savepoint) that is rolled back."""
    with contextlib.suppress(Undone), transaction.atomic():
        yield
        raise Undone


@pytest.fixture
def relay(configure: Callable[..., Project]) -> Relay:
    return Relay(OutboxStore(), configure().fake, keep=timedelta(hours=1), poll_s=0.01)


def save(name: str = "Joe", using: str = "default") -> Person:
    person: Person = Person.objects.using(using).create(name=name)
    return person


def fake_of(relay: Relay) -> FakeProducer:
    fake = relay._producer
    assert isinstance(fake, FakeProducer)
    return fake


def drain(relay: Relay) -> int:
    """Relay all there is; tell how many."""
    total = 0
    while sent := relay.relay():
        total += sent
    return total


def waiting(using: str = "default") -> int:
    return len(OutboxEvent.objects.using(using).filter(sent_at=None))


def test_an_event_is_written_with_what_caused_it(relay: Relay) -> None:
    with transaction.atomic():
        save("Joe")
        assert waiting() == 1
    drain(relay)

    assert fake_of(relay).names() == ["Joe"]
    assert waiting() == 0


def test_a_rollback_takes_the_event_back(relay: Relay) -> None:
    with rolled_back():
        save("Joe")
    drain(relay)

    assert fake_of(relay).names() == []


def test_a_rolled_back_savepoint_takes_its_events_back(relay: Relay) -> None:
    with transaction.atomic():
        save("Joe")
        with rolled_back():
            save("Bo")
    drain(relay)

    assert fake_of(relay).names() == ["Joe"]


@pytest.mark.usefixtures("relay")
def test_a_save_outside_of_a_transaction_is_one_with_its_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Django commits such a save before post_save; a crash between them would lose the event."""

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("durian.django.outbox.write", fail)
    with pytest.raises(RuntimeError):
        save("Joe")

    assert Person.objects.count() == 0
    assert waiting() == 0


def test_each_database_has_its_own_outbox(relay: Relay) -> None:
    save("Joe", using="other")
    save("Bo")

    assert (waiting(), waiting("other")) == (1, 1)
    assert drain(relay) == 2
    assert sorted(fake_of(relay).names()) == ["Bo", "Joe"]


@pytest.mark.usefixtures("relay")
def test_a_database_without_an_outbox_uses_the_default_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "durian.django.deployment.router.allow_migrate_model", lambda alias, _: alias == "default"
    )
    with transaction.atomic(using="other"):
        save("Joe", using="other")
        assert waiting() == 0
    assert (waiting(), waiting("other")) == (1, 0)


def test_only_what_was_confirmed_is_marked(relay: Relay) -> None:
    for name in ("Joe", "Bo", "Jill"):
        save(name)
    fake_of(relay).confirms = 1
    with pytest.raises(BrokerUnavailable):
        drain(relay)

    assert waiting() == 2
    fake_of(relay).confirms = 5
    assert drain(relay) == 2
    assert fake_of(relay).names() == ["Joe", "Bo", "Jill"]
    assert relay.sent == 3


def test_an_event_keeps_its_id_however_often_it_is_published(relay: Relay) -> None:
    save()
    fake_of(relay).confirms = 0
    with pytest.raises(BrokerUnavailable):
        relay.relay()
    with pytest.raises(BrokerUnavailable):
        relay.relay()
    row = OutboxEvent.objects.get()
    fake_of(relay).confirms = 1
    relay.relay()

    assert fake_of(relay).events[0].id in row.event


def test_what_one_relay_has_no_other_takes(relay: Relay) -> None:
    save("Joe")
    other = Relay(OutboxStore(), FakeProducer())
    counts = []
    fake_of(relay).during = lambda: counts.append(other.relay())

    assert relay.relay() == 1
    assert counts == [0]


def test_what_a_dead_relay_had_is_taken_after_a_while(relay: Relay) -> None:
    save("Joe")
    rows = OutboxEvent.objects.all()
    rows.update(holder="dead", held_until=timezone.now() + timedelta(seconds=60))
    assert relay.relay() == 0
    rows.update(held_until=timezone.now() - timedelta(seconds=1))
    assert relay.relay() == 1


def test_a_row_that_holds_no_event_holds_up_nobody(relay: Relay) -> None:
    save("Joe")
    save("Bo")
    broken = OutboxEvent.objects.order_by("pk")[0]
    OutboxEvent.objects.filter(pk=broken.pk).update(event="{}")
    drain(relay)

    assert fake_of(relay).names() == ["Bo"]
    broken.refresh_from_db()
    assert "is missing" in broken.error


def test_published_rows_are_kept_for_a_while_and_then_pruned(relay: Relay) -> None:
    save("Joe")
    drain(relay)
    assert relay.prune() == 0
    OutboxEvent.objects.update(sent_at=timezone.now() - timedelta(hours=2))
    save("Bo")
    assert relay.prune() == 1
    assert waiting() == 1


def test_rows_are_pruned_in_a_project_without_time_zones(relay: Relay, settings: Any) -> None:
    settings.USE_TZ = False
    save("Joe")
    drain(relay)
    OutboxEvent.objects.update(sent_at=timezone.now() - timedelta(hours=2))

    assert relay.prune() == 1


def test_a_database_that_is_away_holds_up_no_other(relay: Relay) -> None:
    save("Joe")
    save("Bo", using="other")

    def fail(*_: object) -> None:
        raise OperationalError("it is away")

    with connections["default"].execute_wrapper(fail):
        assert relay.relay() == 1
        OutboxEvent.objects.using("other").update(sent_at=timezone.now() - timedelta(hours=2))
        for turn in (relay.relay, relay.prune):
            with pytest.raises(OutboxUnavailable, match="it is away"):
                turn()
        assert OutboxEvent.objects.using("other").count() == 0
    assert relay.relay() == 1
    assert fake_of(relay).names() == ["Bo", "Joe"]


def test_a_replica_has_no_outbox_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert outbox_databases() == ["default", "other"]
    monkeypatch.setitem(connections["other"].settings_dict["TEST"], "MIRROR", "default")
    assert outbox_databases() == ["default"]


def test_a_relay_waits_for_a_broker_that_is_away(relay: Relay) -> None:
    save("Joe")
    stop = threading.Event()
    tries: list[int] = []
    fake_of(relay).confirms = 0

    def come_back() -> None:
        tries.append(1)
        if len(tries) == 3:
            fake_of(relay).confirms = 1
            stop.set()

    fake_of(relay).during = come_back
    relay.run(stop)

    assert fake_of(relay).names() == ["Joe"]


def test_a_relay_that_waits_can_be_stopped(relay: Relay) -> None:
    save("Joe")
    stop = threading.Event()
    fake_of(relay).confirms = 0
    fake_of(relay).during = stop.set
    relay.run(stop)

    assert waiting() == 1


def test_a_plain_hook_waits_for_the_commit_too(relay: Relay) -> None:
    hook = Hook(name="ping", provides_args=["name"])
    with transaction.atomic():
        hook.send(None, name="Joe")
    with rolled_back():
        hook.send(None, name="Bo")
    drain(relay)

    assert fake_of(relay).names() == ["Joe"]


def test_an_async_view_saves_and_sends(relay: Relay) -> None:
    async def view() -> None:
        person = Person(name="Joe")
        await person.asave()
        await Hook(name="ping", provides_args=["name"]).asend(None, name="Bo")

    asyncio.run(view())
    drain(relay)

    assert fake_of(relay).names() == ["Joe", "Bo"]


def test_without_an_outbox_events_are_published_after_the_commit(
    configure: Callable[..., Project],
) -> None:
    fake = configure(outbox=False).fake
    with transaction.atomic():
        save("Joe")
        assert fake.names() == []
    assert fake.names() == ["Joe"]
    with rolled_back():
        save("Bo")
    assert fake.names() == []
    assert OutboxEvent.objects.count() == 0


def test_the_command_relays_once(
    relay: Relay, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    save("Joe")
    project = DjangoDeployment(DjangoSettings(broker_url="amqp://nowhere.example"))
    monkeypatch.setattr(project, "make_producer", lambda _: Closing(fake_of(relay)))
    before = use(project)
    try:
        call_command("durian_relay", "--once")
    finally:
        use(before)

    assert fake_of(relay).names() == ["Joe"]
    assert "1 event published." in capsys.readouterr().out


class Closing(FakeProducer):
    """A producer that is closed at the end of a block."""

    def __init__(self, producer: FakeProducer) -> None:
        super().__init__()
        self._producer = producer

    def __enter__(self) -> FakeProducer:
        return self._producer

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""


def test_without_a_broker_the_command_asks_for_durian_up(
    configure: Callable[..., Project],
) -> None:
    configure(api_port=9)
    save("Joe")
    with pytest.raises(CommandError, match="Start `durian up` there"):
        call_command("durian_relay", "--once")
    assert waiting() == 1


def test_the_command_names_a_database_without_an_outbox(
    configure: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure()
    monkeypatch.setattr(OutboxEvent._meta, "db_table", "elsewhere")
    with pytest.raises(CommandError, match="migrate durian --database default"):
        call_command("durian_relay", "--once")
