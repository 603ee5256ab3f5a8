"""Decoding a verified request, in whichever of the three formats its listener has chosen."""

from __future__ import annotations

from collections.abc import Mapping

from durian.errors import InvalidEvent
from durian.events import CAPS, DEFAULT_SOURCE, Event, http
from durian.events.content import as_bytes
from durian.events.jsonvalue import parse


def read_event(headers: Mapping[str, str], body: bytes, message_id: str) -> Event:
    """Decode the event of a request: a CloudEvent, binary or structured, or a standard payload.

    Raises:
        InvalidEvent: it holds no event, or several.
    """
    if not _is_cloudevent(headers):
        return _read_standard(body, message_id)
    events = http.decode(headers, body)
    if len(events) != 1:
        raise InvalidEvent("body", "holds a batch; a webhook is one event")
    return events[0]


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
