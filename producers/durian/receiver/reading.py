"""Decoding a verified request, in whichever of the three formats its listener has chosen."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from durian.errors import InvalidEvent
from durian.events import CAPS, DEFAULT_SOURCE, Event, http
from durian.events.content import as_bytes
from durian.events.jsonvalue import parse
from durian.events.media import format_of


@dataclass(frozen=True, slots=True)
class Received:
    """An event that a request brought."""

    event: Event
    #: What tells it from others, however often it comes and in whatever batch.
    id: str


def read_event(headers: Mapping[str, str], body: bytes, message_id: str) -> Event:
    """Decode the event of a request: a CloudEvent, binary or structured, or a standard payload.

    Raises:
        InvalidEvent: it holds no event, or a batch.
    """
    if _is_batch(headers):
        hint = "Call receive_batch, which takes single events as well."
        raise InvalidEvent("body", "is a batch of events", hint=hint)
    if not _is_cloudevent(headers):
        return _read_standard(body, message_id)
    (event,) = http.decode(headers, body)
    return event


def read_events(headers: Mapping[str, str], body: bytes, message_id: str) -> list[Received]:
    """Decode the events of a request, which may be a batch.

    A batch that comes again may be cut differently: its events are known by source and id, which
    no two of them share, and others by the request's `webhook-id`.

    Raises:
        InvalidEvent: it holds something that is no event.
    """
    if not _is_batch(headers):
        return [Received(read_event(headers, body, message_id), message_id)]
    return [Received(event, _id_of(event)) for event in http.decode(headers, body)]


def _id_of(event: Event) -> str:
    digest = hashlib.sha256(f"{event.source}\0{event.id}".encode()).digest()[:18]
    return f"evt_{urlsafe_b64encode(digest).decode()}"


def _is_batch(headers: Mapping[str, str]) -> bool:
    return any(
        name.lower() == "content-type" and format_of(value) == "batch"
        for name, value in headers.items()
    )


def _is_cloudevent(headers: Mapping[str, str]) -> bool:
    return any(
        name.lower() == "ce-specversion"
        or (name.lower() == "content-type" and "application/cloudevents" in value.lower())
        for name, value in headers.items()
    )


def _read_standard(body: bytes, message_id: str) -> Event:
    """Decode `{"type", "timestamp", "data"}`, whose id is that of the message."""
    parsed = parse(as_bytes(body), field="body", depth=CAPS.depth + 1)
    if not isinstance(parsed, dict) or not isinstance(parsed.get("type"), str):
        raise InvalidEvent("body", "is neither a CloudEvent nor an object with type and data")
    timestamp = parsed.get("timestamp")
    event = Event(type=parsed["type"], id=message_id, data=parsed.get("data"))
    if timestamp is None:
        return event
    if not isinstance(timestamp, str):
        raise InvalidEvent("timestamp", "is not a string")
    attributes = {
        "specversion": event.specversion,
        "id": message_id,
        "source": DEFAULT_SOURCE,
        "type": event.type,
        "time": timestamp,
        "datacontenttype": event.datacontenttype,
    }
    return Event.from_attributes(attributes, event.body)
