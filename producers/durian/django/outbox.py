"""Writing events to the outbox, and reading them back."""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import to_json

from django.db import connections
from durian.errors import InvalidEvent
from durian.events import Event
from durian.faults import failpoint

#: Written by hand, with the database's own clock: Django's way to one INSERT takes three times as
#: long (measured), and every save of a model with a hook pays for it.
_INSERT = (
    "INSERT INTO durian_outbox (type, attributes, body, created_at, error, holder)"
    " VALUES (%s, %s, %s, CURRENT_TIMESTAMP, '', '')"
)


def write(event: Event, using: str) -> None:
    """Write an event, in the transaction that is open on that database."""
    connection = connections[using]
    row = (event.type, to_json(event.attributes).decode(), event.body)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, row)
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
