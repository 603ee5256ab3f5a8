"""What hooks cost a Django project: saves with and without one, and the relay of the outbox."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.support import postgres

__all__ = ["project"]


@contextmanager
def project() -> Iterator[None]:
    """Set Django up with the project of the tests, on a PostgreSQL of its own, as it comes."""
    with postgres() as server:
        os.environ["DURIAN_TEST_DJANGO_DATABASE"] = server.database_url(server.add_database())
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.support.django_project.settings"
        import django  # noqa: PLC0415  # reads the environment

        django.setup()
        from django.core.management import call_command  # noqa: PLC0415  # after the setup

        call_command("migrate", run_syncdb=True, verbosity=0)
        yield
