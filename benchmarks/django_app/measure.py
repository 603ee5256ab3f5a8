"""The figures of the Django app; imported once Django is set up."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from statistics import median
from typing import Any

from django.db import connection, transaction

from benchmarks.support import Figure
from durian.broker import blocking
from durian.broker.rabbit import RabbitBroker
from durian.broker.topology import Topology
from durian.django import outbox
from durian.django.deployment import DjangoDeployment
from durian.django.models import OutboxEvent
from durian.django.settings import DjangoSettings
from durian.events import Event
from durian.hook import ModelHook, use
from tests.support.people.models import Person

#: Saves of one round, and rounds with and without a hook in turn.
SAVES = 500
ROUNDS = 7

#: Events that the relay has before it.
EVENTS = 20_000


class PersonHook(ModelHook):
    """Two of a person's fields."""

    name = "person"
    model = Person
    provides_args = ("name", "address")


def saves() -> list[Figure]:
    """How many times a save with a hook takes as long as one without."""
    use(DjangoDeployment(DjangoSettings()))
    figures = []
    for name, block in (("in a transaction", transaction.atomic), ("by itself", nullcontext)):
        bare, hooked = _in_turn(lambda block=block: _save(block), PersonHook())  # type: ignore[misc]  # mypy infers no lambda with a default
        ratio = median(more / less for more, less in zip(hooked, bare, strict=True))
        figures += [
            Figure(f"save {name}: bare", median(bare) / SAVES * 1e6, "us"),
            Figure(f"save {name}: with a hook", median(hooked) / SAVES * 1e6, "us"),
            Figure(f"save {name}: ratio", ratio, "x"),
        ]
    bare, hooked = _in_turn(_load, PersonHook(track_changes=True))
    ratio = median(more / less for more, less in zip(hooked, bare, strict=True))
    return [*figures, Figure("load with track_changes: ratio", ratio, "x")]


def relay(url: str) -> list[Figure]:
    """How many events of the outbox are published and confirmed in a second."""
    broker = RabbitBroker(url)
    broker.start()
    blocking.declare_all(broker, Topology().house())
    broker.stop()
    deployment = DjangoDeployment(DjangoSettings(broker_url=url))
    speeds = [_relay(deployment) for _ in range(3)]
    return [
        Figure("relay: events", median(wall for wall, _ in speeds), "1/s"),
        Figure("relay: events in a second of its CPU", median(cpu for _, cpu in speeds), "1/s"),
    ]


def _relay(deployment: DjangoDeployment) -> tuple[float, float]:
    OutboxEvent.objects.all().delete()
    with transaction.atomic():
        for number in range(EVENTS):
            data = {"name": f"Joe {number}", "address": "1 Elm Street", "created": True}
            outbox.write(Event(type="person", source="/shop", data=data), "default")
    with deployment.make_relay() as one:
        wall, cpu = time.perf_counter(), time.process_time()
        while one.relay():
            pass
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert one.sent == EVENTS
    return EVENTS / wall, EVENTS / cpu


def _in_turn(task: Callable[[], None], hook: ModelHook) -> tuple[list[float], list[float]]:
    """Seconds of each round without the hook, and with it."""
    task()
    bare, hooked = [], []
    for _ in range(ROUNDS):
        bare.append(_seconds(task))
        hook.bind()
        hooked.append(_seconds(task))
        hook.unbind()
    return bare, hooked


def _seconds(task: Callable[[], None]) -> float:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE durian_outbox")
    begin = time.perf_counter()
    task()
    return time.perf_counter() - begin


def _save(block: Callable[[], Any]) -> None:
    for _ in range(SAVES):
        with block():
            Person.objects.create(name="Joe", address="1 Elm Street")


def _load() -> None:
    assert len(Person.objects.all()[: 10 * SAVES]) > 0
