"""From a line of JSON to an event."""

from __future__ import annotations

import json
from collections.abc import Mapping

from durian.errors import InvalidEvent
from durian.events import CAPS, Event, http
from durian.events.jsonvalue import parse
from durian.events.media import STRUCTURED

#: Attributes that have a value of their own when a line does not name them.
_SPECVERSION = {"specversion": "1.0"}


def event_of(line: bytes, event_type: str | None, *, event_id: str, source: str) -> Event:
    """Make the event of a line: its data when there is a type, else a whole CloudEvent.

    Of a CloudEvent `type` is needed; `id`, `source` and `specversion` are completed.

    Raises InvalidEvent.
    """
    if event_type is not None:
        return Event(type=event_type, id=event_id, source=source, body=line)
    parsed = parse(line, field="line", depth=CAPS.depth + 1)
    if not isinstance(parsed, dict):
        hint = "Give the type of the events before --lines: then each line is the data of one."
        raise InvalidEvent("line", "is not a JSON object", hint=hint)
    given = {**_SPECVERSION, "id": event_id, "source": source}
    missing = {name: value for name, value in given.items() if name not in parsed}
    (event,) = http.decode({"content-type": STRUCTURED}, _completed(line, missing, bool(parsed)))
    return event


def _completed(line: bytes, missing: Mapping[str, str], has_members: bool) -> bytes:  # noqa: FBT001 - told by its name
    """Put members in front of an object's own, whose bytes stay as they are."""
    if not missing:
        return line
    head = json.dumps(missing).encode()[:-1]
    return head + (b"," if has_members else b"") + line.lstrip()[1:]
