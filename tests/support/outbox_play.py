"""A program of the Django test project that dies as it is told: `python -m ... SCENE`."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.support.django_project.settings")
django.setup()

from django.core.management import call_command  # noqa: E402  # after the setup that it needs
from django.db import transaction  # noqa: E402  # the same
from django.db.models import Count, Q  # noqa: E402  # the same

from durian.django import bulk  # noqa: E402  # the same
from durian.hook import ModelHook  # noqa: E402  # the same
from durian.registry import hooks  # noqa: E402  # the same
from tests.support.people.models import Person  # noqa: E402  # the same


@hooks.register
class PersonHook(ModelHook):
    """Tells of persons."""

    name = "person"
    model = Person
    provides_args = ("name",)


def migrate() -> None:
    """Make the tables."""
    call_command("migrate", run_syncdb=True, verbosity=0)


def save() -> None:
    """Save one person, outside of a transaction as far as this program knows."""
    Person.objects.create(name="Joe")


def save_many() -> None:
    """Save a hundred persons, each in a transaction."""
    for number in range(100):
        with transaction.atomic():
            Person.objects.create(name=f"Joe {number}")


def save_and_die() -> None:
    """Save a person, and lose power as soon as that is committed."""
    save()
    os.kill(os.getpid(), signal.SIGKILL)


def roll_back_late() -> None:
    """Save a person, let a relay look for it, and take it back."""
    with transaction.atomic():
        save()
        print("waiting", flush=True)  # noqa: T201  # what the test waits for
        sys.stdin.readline()
        transaction.set_rollback(True)


def save_without_the_broker() -> None:
    """Save a person, and say whether anything that could talk to a broker was even loaded."""
    save_many()
    drivers = {"kombu", "pika", "durian.producers"} & set(sys.modules)
    print(sorted(drivers))  # noqa: T201  # what the test looks at


def save_under_load() -> None:
    """Save persons, a hundred a second, until there is no more input.

    For each line of it print how long the saves since the last one took, in milliseconds.
    """
    times: list[float] = []
    ended = threading.Event()

    def save_on() -> None:
        while not ended.wait(0.01):
            began = time.perf_counter()
            Person.objects.create(name="Joe")
            times.append(1000 * (time.perf_counter() - began))

    saving = threading.Thread(target=save_on)
    saving.start()
    for _ in sys.stdin:
        taken = times[:]
        del times[: len(taken)]
        print(json.dumps(taken), flush=True)  # noqa: T201  # what the test reads
    ended.set()
    saving.join()


def update_in_bulk() -> None:
    """Update a person by queries whose rows PostgreSQL does not lock."""
    save()
    persons = Person.objects.all()
    bulk.update(persons.filter(Q(owner__name="O") | Q(owner=None)), name="outer join")
    bulk.update(persons.annotate(count=Count("tags")).filter(count=0), name="group by")
    bulk.update(persons.filter(tags=None).order_by("owner__name").distinct(), name="distinct")
    bulk.update(persons.order_by("owner__name"), name="ordered")
    bulk.update(persons.order_by("owner__name")[:1], name="the first")


def relay() -> None:
    """Relay the outbox, once."""
    call_command("durian_relay", once=True)


def relay_for_long() -> None:
    """Relay the outbox until stopped."""
    call_command("durian_relay", poll=0.05)


#: What can be played.
SCENES: dict[str, Callable[[], None]] = {
    scene.__name__: scene
    for scene in (
        migrate,
        save,
        save_many,
        save_and_die,
        roll_back_late,
        save_without_the_broker,
        save_under_load,
        update_in_bulk,
        relay,
        relay_for_long,
    )
}

if __name__ == "__main__":
    SCENES[sys.argv[1]]()
