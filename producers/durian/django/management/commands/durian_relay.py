"""`manage.py durian_relay`: publish what is in the outbox."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connections

from durian.django.deployment import DjangoDeployment
from durian.django.models import OutboxEvent
from durian.django.store import outbox_databases
from durian.errors import DurianError
from durian.hook import current


class Command(BaseCommand):
    """Publishes the outbox until it is stopped; start as many as you like."""

    help = "Publish events from the outbox to RabbitMQ, until stopped. Several may run at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take which databases, how often, and whether to end."""
        parser.add_argument(
            "--database",
            action="append",
            choices=outbox_databases(),
            help="A database whose outbox to relay; all that have one, unless given.",
        )
        parser.add_argument(
            "--poll", type=float, default=0.5, help="Seconds between two looks at an empty outbox."
        )
        parser.add_argument(
            "--once", action="store_true", help="End when the outbox is empty, instead of waiting."
        )

    def handle(self, **options: Any) -> None:
        """Relay."""
        deployment = current()
        if not isinstance(deployment, DjangoDeployment):
            raise CommandError("durian.django is not in INSTALLED_APPS.")
        for alias in options["database"] or outbox_databases():
            _check_table(alias)
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        try:
            with deployment.make_relay(options["database"], poll_s=options["poll"]) as relay:
                if options["once"]:
                    while relay.turn():
                        pass
                else:
                    self.stdout.write("Relaying the outbox; stop with Ctrl-C.")
                    relay.run(stop)
        except DurianError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{relay.sent} event{'' if relay.sent == 1 else 's'} published.")


def _check_table(alias: str) -> None:
    """Make sure that a database has an outbox, as far as it can be asked now."""
    table = OutboxEvent._meta.db_table  # noqa: SLF001  # Django's own way
    try:
        tables = connections[alias].introspection.table_names()
    except OperationalError:
        return  # it is away: the relay waits for it
    if table not in tables:
        raise CommandError(
            f"The database {alias!r} has no outbox. Run `manage.py migrate durian --database "
            f"{alias}`, or let a database router keep durian out of it."
        )
