"""Events, and how they are written to and read from AMQP and HTTP."""

from __future__ import annotations

from durian.events import amqp, http
from durian.events.caps import CAPS, Caps
from durian.events.event import DEFAULT_SOURCE, Event
from durian.events.ids import new_id
from durian.events.message import Message

__all__ = ["CAPS", "DEFAULT_SOURCE", "Caps", "Event", "Message", "amqp", "http", "new_id"]
