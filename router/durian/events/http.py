"""Events as HTTP messages: the HTTP binding of CloudEvents 1.0, both ways.

The functions that take a `Message` serve deliveries: they turn what lies in a listener's queue
into a request without decoding it, so that data is never parsed on the way out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote, unquote

from pydantic_core import to_json

from durian.errors import InvalidEvent
from durian.events import amqp, content, structured
from durian.events.caps import CAPS, Caps
from durian.events.event import Event
from durian.events.excerpt import label
from durian.events.media import BATCH, STRUCTURED, format_of
from durian.events.message import Message

#: Headers and body of a request or response.
Parts = tuple[dict[str, str], bytes]

#: What an application has at hand: a mapping, or pairs when a name may come twice.
Headers = Mapping[str, str] | Iterable[tuple[str, str]]

#: Characters of attributes that headers carry as they are: printable ASCII, but for three.
_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
_UNSAFE = re.compile(r"[^\x21\x23\x24\x26-\x7e]")
_QUOTED_PAIR = re.compile(r"\\(.)")


def decode(headers: Headers, body: bytes, *, caps: Caps = CAPS) -> tuple[Event, ...]:
    """Read the event or events (a batch) of a request. Raises InvalidEvent."""
    lowered = _lowered(headers)
    content_type = lowered.get("content-type")
    encoding = lowered.get("content-encoding")
    if (kind := format_of(content_type or "")) is not None:
        document = content.inflate(body, encoding, caps.document_bytes)
        return structured.decode(document, kind, caps=caps)
    prefix = amqp.PREFIX
    attributes = {
        name.removeprefix(prefix): _unescape(name.removeprefix(prefix), value)
        for name, value in lowered.items()
        if name.startswith(prefix)
    }
    if not attributes:
        hint = f"Send the headers ce-specversion, ce-id, ce-source and ce-type, or {STRUCTURED}."
        raise InvalidEvent("specversion", "is missing", hint=hint)
    if content_type:
        attributes["datacontenttype"] = content_type
    data = content.inflate(body, encoding, caps.data_bytes)
    return (Event.from_attributes(attributes, data, caps=caps),)


def encode_binary(event: Event) -> Parts:
    """Write an event in binary mode: attributes are headers, the body is the data as it is."""
    return binary_headers(amqp.encode(event)), event.body


def encode_structured(event: Event) -> Parts:
    """Write an event as one JSON document; JSON data goes into it byte for byte."""
    return {"content-type": STRUCTURED}, structured.encode(event.attributes, event.body)


def encode_batch(events: Sequence[Event]) -> Parts:
    """Write events as a JSON array of documents."""
    documents = (structured.encode(event.attributes, event.body) for event in events)
    return {"content-type": BATCH}, batch_body(documents)


def binary_headers(message: Message) -> dict[str, str]:
    """The HTTP headers of a message that `amqp.encode` wrote; its body is the body."""
    attributes = {
        name: str(value) for name, value in message.headers.items() if name.startswith(amqp.PREFIX)
    }
    # One look at all of them: hardly any event has something to escape.
    if _UNSAFE.search("".join(attributes.values())):
        attributes = {name: _escape(value) for name, value in attributes.items()}
    return {"content-type": message.content_type or content.JSON, **attributes}


def structured_body(message: Message) -> bytes:
    """The JSON document of a message that `amqp.encode` wrote."""
    return structured.encode(amqp.attributes_of(message), message.body)


def batch_body(documents: Iterable[bytes]) -> bytes:
    """Write documents, each a CloudEvent, as one batch."""
    return b"[%b]" % b",".join(documents)


def standard_body(message: Message) -> bytes:
    """The body that Standard Webhooks advises, of a message that `amqp.encode` wrote.

    That is `{"type", "timestamp", "data"}`; data that is neither JSON nor text is `data_base64`.
    """
    attributes = amqp.attributes_of(message)
    head = to_json({"type": attributes["type"], "timestamp": attributes["time"]})
    content_type = attributes["datacontenttype"]
    member, raw = (
        structured.data_member(message.body, content_type) if message.body else (b"data", b"null")
    )
    return b"".join((head[:-1], b',"', member, b'":', raw, b"}"))


def _lowered(headers: Headers) -> dict[str, str]:
    """Headers by lower-case name; attributes may come once only."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    lowered: dict[str, str] = {}
    for header, value in pairs:
        name = header.lower()
        if name in lowered and name.startswith(amqp.PREFIX):
            attribute = name.removeprefix(amqp.PREFIX)
            raise InvalidEvent(label(attribute), "is given twice", hint="Send each header once.")
        lowered[name] = value
    return lowered


def _escape(value: str) -> str:
    """Percent-encode an attribute's value as the binding asks (section 3.1.3.2)."""
    return quote(value, safe=_SAFE) if _UNSAFE.search(value) else value


def _unescape(name: str, value: str) -> str:
    """Undo `_escape`, and the quotes that some senders put around values."""
    text = value.strip()
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        text = _QUOTED_PAIR.sub(r"\1", text[1:-1])
    try:
        return unquote(text, errors="strict") if "%" in text else text
    except UnicodeDecodeError as exc:
        hint = "Percent-encode the UTF-8 bytes of what is not printable ASCII."
        raise InvalidEvent(label(name), "is not percent-encoded UTF-8", hint=hint) from exc
