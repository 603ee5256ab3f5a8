"""Writing events to the outbox, and reading them back."""

from __future__ import annotations

import json
from typing import Any

from django.db import connections
from django.utils import timezone
from durian.django.models import OutboxEvent
from durian.errors import InvalidEvent
from durian.events import Event
from durian.faults import failpoint

#: Written by hand: Django's own way to one INSERT takes three times as long (measured), and every
#: save of a model with a hook pays for it.
_INSERT = (
    "INSERT INTO {table} (type, attributes, body, created_at, error, holder)"
    " VALUES (%s, %s, %s, %s, '', '')"
)


def write(event: Event, using: str) -> None:
    """Write an event, in the transaction that is open on that database."""
    connection = connections[using]
    table = connection.ops.quote_name(OutboxEvent._meta.db_table)  # noqa: SLF001  # Django's own way
    created_at = connection.ops.adapt_datetimefield_value(timezone.now())
    attributes = json.dumps(event.attributes, ensure_ascii=False, separators=(",", ":"))
    row = (event.type, attributes, event.body, created_at)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT.format(table=table), row)
    failpoint("outbox.written")


def read(attributes: str, body: Any) -> Event:
    """The event of a row. Raises InvalidEvent when it holds none."""
    try:
        names = json.loads(attributes)
    except ValueError as exc:
        raise InvalidEvent("attributes", f"is not JSON: {exc}") from exc
    if not isinstance(names, dict) or not all(isinstance(each, str) for each in names.values()):
        raise InvalidEvent("attributes", "is no JSON object of strings")
    return Event.from_attributes(names, bytes(body))
