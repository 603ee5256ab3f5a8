"""Events as text: one CloudEvents JSON document each, which any language can read and write."""

from __future__ import annotations

from durian.errors import InvalidEvent
from durian.events import Event, http
from durian.events.media import STRUCTURED


def text_of(event: Event) -> str:
    """Write an event as a CloudEvents JSON document; JSON data goes into it byte for byte."""
    return http.encode_structured(event)[1].decode()


def event_of(text: str) -> Event:
    """Read an event from its document. Raises InvalidEvent when it is none."""
    try:
        document = text.encode()
    except UnicodeEncodeError as exc:
        raise InvalidEvent("event", "is not UTF-8") from exc
    (event,) = http.decode({"content-type": STRUCTURED}, document)
    return event
