"""The JSON format of CloudEvents 1.0: whole events as documents, their data spliced untouched."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from json import JSONDecoder

from pydantic_core import to_json

from durian.errors import InvalidEvent
from durian.events import content, jsonvalue
from durian.events.canonical import canonical
from durian.events.caps import Caps
from durian.events.event import Event
from durian.events.excerpt import excerpt, label
from durian.events.media import Format, kind_of

_raw_decode = JSONDecoder().raw_decode
_SPACE = re.compile(r"[ \t\n\r]*")

#: Members of a document that are no attributes.
_DATA_MEMBERS = ("data", "data_base64")


def encode(attributes: Mapping[str, str], body: bytes) -> bytes:
    """Write one event as a document; JSON data goes into it byte for byte."""
    document = to_json(dict(attributes))
    if not body:
        return document
    member, raw = data_member(body, attributes.get("datacontenttype", content.JSON))
    return b"".join((document[:-1], b',"', member, b'":', raw, b"}"))


def data_member(body: bytes, content_type: str) -> tuple[bytes, bytes]:
    """The name and the JSON text that data has within a document."""
    kind = kind_of(content_type)
    if kind == "json":
        return b"data", body
    if kind == "text":
        try:
            return b"data", to_json(body.decode())
        except UnicodeDecodeError:
            pass
    return b"data_base64", b'"' + base64.b64encode(body) + b'"'


def decode(document: bytes, kind: Format, *, caps: Caps) -> tuple[Event, ...]:
    """Read a structured or batch document. Raises InvalidEvent."""
    if kind == "unknown":
        hint = "Send application/cloudevents+json."
        raise InvalidEvent("content_type", "names a format that is not understood", hint=hint)
    if len(document) > caps.document_bytes:
        raise content.too_large("body", len(document), caps.document_bytes)
    levels = caps.depth + (1 if kind == "structured" else 2)
    parsed = jsonvalue.parse(document, field="body", depth=levels)
    text = document.decode()
    start = _skip(text, 0)
    if kind == "structured":
        return (_event(parsed, text, start, caps),)
    if not isinstance(parsed, list):
        raise InvalidEvent("body", "is not an array of events", hint="Send a JSON array.")
    if len(parsed) > caps.batch_events:
        reason = f"holds {len(parsed):,} events; at most {caps.batch_events:,} are allowed"
        raise InvalidEvent("body", reason, hint="Send several batches.")
    starts = (begin for begin, _ in _elements(text, start))
    events = []
    for item, at in zip(parsed, starts, strict=True):
        try:
            events.append(_event(item, text, at, caps))
        except InvalidEvent as exc:
            raise exc.at(len(events)) from exc
    return tuple(events)


def _event(parsed: object, text: str, start: int, caps: Caps) -> Event:
    """The event of one JSON object, which begins at `start`."""
    if not isinstance(parsed, dict):
        hint = "An event is a JSON object; a batch is application/cloudevents-batch+json."
        raise InvalidEvent("body", "is not an event", hint=hint)
    slices = _members(text, start)
    attributes = {
        name: _attribute(name, value)
        for name, value in parsed.items()
        if value is not None and name not in _DATA_MEMBERS
    }
    return Event.from_attributes(attributes, _body(parsed, attributes, text, slices), caps=caps)


def _attribute(name: str, value: object) -> str:
    if isinstance(value, dict | list | float):
        hint = "Attributes are strings, integers or booleans; put the rest into data."
        raise InvalidEvent(label(name), "is not a string, an integer or a boolean", hint=hint)
    return canonical(name, value)


def _body(
    parsed: dict[str, object],
    attributes: dict[str, str],
    text: str,
    slices: dict[str, tuple[int, int]],
) -> bytes:
    """The bytes of the data: those of its JSON text, or what its string stands for."""
    encoded = parsed.get("data_base64")
    if "data" in parsed and encoded is not None:
        raise InvalidEvent("data", "is given twice", hint="Send data or data_base64.")
    if encoded is not None:
        return _unbase64(encoded)
    if "data" not in parsed:
        return b""
    content_type = attributes.setdefault("datacontenttype", content.JSON)
    if kind_of(content_type) == "json":
        begin, end = slices["data"]
        return text[begin:end].encode()
    data = parsed["data"]
    if data is None:
        return b""
    if not isinstance(data, str):
        reason = f"is not a string, but datacontenttype is {excerpt(content_type)}"
        raise InvalidEvent("data", reason, hint="Send text as a string, or data_base64.")
    return data.encode()


def _unbase64(value: object) -> bytes:
    if isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            pass
    raise InvalidEvent("data_base64", "is not base64", hint="Encode bytes as RFC 4648, section 4.")


def _members(text: str, start: int) -> dict[str, tuple[int, int]]:
    """Where the values of an object's members lie. The text is known to be JSON."""
    slices: dict[str, tuple[int, int]] = {}
    index = _skip(text, start + 1)
    while text[index] != "}":
        name, index = _raw_decode(text, index)
        begin = _skip(text, _skip(text, index) + 1)
        _, end = _raw_decode(text, begin)
        if name in slices:
            raise InvalidEvent(label(name), "is given twice", hint="Send each member once.")
        slices[name] = (begin, end)
        index = _next(text, end)
    return slices


def _elements(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Where the elements of an array lie."""
    index = _skip(text, start + 1)
    while text[index] != "]":
        _, end = _raw_decode(text, index)
        yield index, end
        index = _next(text, end)


def _skip(text: str, index: int) -> int:
    """The next index that is not white space."""
    match = _SPACE.match(text, index)
    return match.end() if match else index


def _next(text: str, index: int) -> int:
    """The beginning of the next item after one, or of the closing bracket."""
    index = _skip(text, index)
    return _skip(text, index + 1) if text[index] == "," else index
