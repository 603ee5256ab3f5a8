"""One AMQP 0-9-1 message, without any driver: what brokers carry and codecs read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

#: What an AMQP header can hold, as drivers hand it over.
HeaderValue = object

#: Header of a message that left its way: why, in one line.
REASON_HEADER: Final = "durian-reason"

#: Header of a dead letter: when it was given up, in milliseconds since the epoch.
DEAD_AT_HEADER: Final = "durian-dead-at"


# Not frozen, which would take it five times as long to be made: there is one for every hop.
@dataclass(slots=True, kw_only=True)
class Message:
    """A message as published or received; always persistent when Durian publishes it."""

    #: The payload: passed through untouched, byte for byte.
    body: bytes
    #: Application headers. Durian writes only strings.
    headers: Mapping[str, HeaderValue] = field(default_factory=dict)
    content_type: str | None = None
    content_encoding: str | None = None
    message_id: str | None = None
    #: The `type` property of AMQP, not a CloudEvents attribute.
    type: str | None = None
    #: Seconds since the epoch.
    timestamp: int | None = None
    app_id: str | None = None
    #: Where a received message was published; empty on messages not yet published.
    exchange: str = ""
    routing_key: str = ""
