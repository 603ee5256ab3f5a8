"""Events as AMQP 0-9-1 messages: CloudEvents as in Knative's RabbitMQ binding, read leniently.

Written: binary mode. Attributes are string headers (`ce-id`, `ce-type`, ...), the body is the data
as it is, `content_type` tells its type. Read: that and structured mode, batches, the prefixes that
other libraries use, and plain messages, so that a client needs no library to publish an event.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from urllib.parse import quote

from durian.errors import InvalidEvent
from durian.events import attributes as rules
from durian.events import content, structured
from durian.events.canonical import canonical, from_timestamp
from durian.events.caps import CAPS, Caps
from durian.events.event import Event
from durian.events.excerpt import label
from durian.events.media import format_of
from durian.events.message import Message

#: How Durian and Knative's specification prefix attributes among headers.
PREFIX = "ce-"

#: What others write, in the order in which it is looked for; a message uses one of them.
PREFIXES = (PREFIX, "ce_", "cloudevents:", "cloudevents_")

#: Names that are no attributes in messages without a prefix: RabbitMQ routes by them.
_ROUTING_HEADERS = frozenset({"cc", "bcc"})

#: Optional attributes that some clients send empty when they mean absent.
_OPTIONAL = frozenset({"subject", "time", "dataschema", "datacontenttype"})

#: Where ids of messages without one are derived from; any constant UUID would do.
_NAMESPACE = uuid.UUID("6f0c9c0e-4f0b-5d0e-9a53-64757269616e")

_BARE_NAME = re.compile(r"[a-z0-9]{1,64}")


def headers_of(event: Event) -> dict[str, str]:
    """All attributes of an event as headers, but its content type, which has its own property."""
    return {
        PREFIX + name: value
        for name, value in event.attributes.items()
        if name != "datacontenttype"
    }


def attributes_of(message: Message) -> dict[str, str]:
    """All attributes of a message that `encode` wrote, unchecked: for passing it on.

    Raises InvalidEvent when it lacks what `encode` always writes.
    """
    attributes = {
        header.removeprefix(PREFIX): str(value)
        for header, value in message.headers.items()
        if header.startswith(PREFIX)
    }
    attributes["datacontenttype"] = message.content_type or content.JSON
    for name in (*rules.MANDATORY, "time"):
        if name not in attributes:
            hint = f"Only messages with {PREFIX} headers can be delivered; publish it as an event."
            raise InvalidEvent(name, "is missing", hint=hint)
    return attributes


def encode(event: Event, *, timestamp: int | None = None) -> Message:
    """Write an event in binary mode: nothing but its attributes, and its body as it is.

    `timestamp` is the message's own, in seconds since the epoch.
    """
    return Message(
        body=event.body,
        headers=headers_of(event),
        content_type=event.datacontenttype,
        message_id=event.id,
        type=event.type,
        timestamp=timestamp,
        routing_key=event.type,
    )


def decode(message: Message, *, caps: Caps = CAPS) -> tuple[Event, ...]:
    """Read the event or events (a batch) that a message holds.

    Raises InvalidEvent, which names what cannot be read and why. Other headers than those of
    CloudEvents are no part of an event, and so never travel further.
    """
    cap = caps.data_bytes
    if (kind := format_of(message.content_type or "")) is not None:
        body = content.inflate(message.body, message.content_encoding, caps.document_bytes)
        return structured.decode(body, kind, caps=caps)
    body = content.inflate(message.body, message.content_encoding, cap)
    attributes = _prefixed(message.headers) or _bare(message.headers) or _plain(message, body)
    if message.content_type:
        attributes["datacontenttype"] = message.content_type
    if "time" not in attributes and message.timestamp is not None:
        attributes["time"] = from_timestamp(message.timestamp)
    return (Event.from_attributes(attributes, body, caps=caps),)


def _prefixed(headers: Mapping[str, object]) -> dict[str, str]:
    """The attributes among headers with one of the prefixes; none when there is no such header."""
    for prefix in PREFIXES:
        length = len(prefix)
        attributes: dict[str, str] = {}
        for header, value in headers.items():
            if header[:length].lower() == prefix:
                _add(attributes, header[length:].lower(), value)
        if attributes:
            return attributes
    return {}


def _bare(headers: Mapping[str, object]) -> dict[str, str]:
    """The attributes among headers without a prefix, which Knative's own broker writes.

    Only if all mandatory ones are there; and what cannot be an attribute then is someone else's.
    """
    lowered = {header.lower(): value for header, value in headers.items()}
    if not all(name in lowered for name in rules.MANDATORY):
        return {}
    attributes: dict[str, str] = {}
    for name, value in lowered.items():
        foreign = name in _ROUTING_HEADERS or isinstance(value, dict | list)
        if not foreign and _BARE_NAME.fullmatch(name):
            _add(attributes, name, value)
    return attributes


def _plain(message: Message, body: bytes) -> dict[str, str]:
    """The attributes of a message that knows nothing of CloudEvents."""
    kind = message.type or message.routing_key
    if not kind:
        hint = "Set the header ce-type, the property type, or a routing key."
        raise InvalidEvent("type", "is missing", hint=hint)
    names = (message.exchange, message.app_id) if message.app_id else (message.exchange,)
    return {
        "specversion": rules.SPECVERSION,
        "id": message.message_id or _derived_id(message, body),
        "source": "/amqp/" + "/".join(quote(name, safe="", errors="replace") for name in names),
        "type": kind,
    }


def _derived_id(message: Message, body: bytes) -> str:
    """An id for a message without one: the same when it is delivered again."""
    context = f"{message.exchange}\0{message.routing_key}\0{message.timestamp}\0"
    digest = hashlib.sha256(context.encode("utf-8", "surrogatepass") + body)
    return str(uuid.uuid5(_NAMESPACE, digest.hexdigest()))


def _add(attributes: dict[str, str], name: str, value: object) -> None:
    """Add an attribute as its canonical string, unless it says nothing."""
    if value is None or (value == "" and name in _OPTIONAL):
        return
    if name in attributes:
        raise InvalidEvent(label(name), "is given twice", hint="Header names ignore case.")
    attributes[name] = value if isinstance(value, str) else canonical(name, value)
