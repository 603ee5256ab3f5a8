"""The events that every benchmark sends: small JSON objects, all alike but for a number."""

from __future__ import annotations

import json
from typing import Any

#: The type of the events, and of what listeners want.
EVENT_TYPE = "person"

#: Fills an event up to about 400 bytes, which is what webhooks weigh.
_PADDING = "x" * 300


def event_data(number: int) -> dict[str, Any]:
    """The data of one event."""
    return {"number": number, "name": "Joe", "address": "12 Main Street", "note": _PADDING}


def event_body(number: int) -> str:
    """The data of one event as JSON."""
    return json.dumps(event_data(number))
