"""Writing events to the outbox, in the transaction of their cause."""

from __future__ import annotations

from django.db import connections

from durian.events import Event
from durian.events.document import text_of
from durian.faults import failpoint

#: Written by hand, with the database's own clock: Django's way to one INSERT takes three times as
#: long (measured), and every save of a model with a hook pays for it.
_INSERT = "INSERT INTO durian_outbox (event, created_at) VALUES (%s, CURRENT_TIMESTAMP)"


def write(event: Event, using: str) -> None:
    """Write an event, in the transaction that is open on that database."""
    with connections[using].cursor() as cursor:
        cursor.execute(_INSERT, (text_of(event),))
    failpoint("outbox.written")
