"""Data and its bytes: how one becomes the other, by content type."""

from __future__ import annotations

import zlib
from typing import Any

from durian.errors import InvalidEvent
from durian.events import jsonvalue
from durian.events.caps import Caps
from durian.events.excerpt import excerpt
from durian.events.media import kind_of

#: The content type of data when nothing else is said.
JSON = "application/json"

#: What bytes of an unknown kind are called (RFC 9110, section 8.3).
OPAQUE = "application/octet-stream"

#: zlib's way to say: expect a gzip header.
_GZIP_WINDOW = 16 + zlib.MAX_WBITS

#: Values of content_encoding that compress nothing: kombu and Celery put a charset there.
_PLAIN_ENCODINGS = frozenset({"", "identity", "binary", "utf-8", "utf8", "us-ascii", "ascii"})
_GZIP_ENCODINGS = frozenset({"gzip", "x-gzip"})


def read(body: bytes, content_type: str | None, caps: Caps) -> tuple[str, Any]:
    """Decode data: its content type, and its value (JSON value, str, or bytes).

    No bytes are no data: None. Without a content type it is JSON if it parses as such, else bytes.
    Raises InvalidEvent.
    """
    if len(body) > caps.data_bytes:
        raise too_large("data", len(body), caps.data_bytes)
    if not body:
        return content_type or JSON, None
    if content_type is None:
        return _guess(body, caps)
    kind = kind_of(content_type)
    if kind == "json":
        return content_type, jsonvalue.parse(body, depth=caps.depth)
    return content_type, _text_or_bytes(body) if kind == "text" else body


def write(data: object, content_type: str, caps: Caps) -> tuple[bytes, Any]:
    """Encode data: its bytes, and the value that `read` gives for them.

    Raises InvalidEvent when data does not go with the content type.
    """
    if data is None:
        return b"", None
    if kind_of(content_type) == "json":
        if isinstance(data, bytes | bytearray | memoryview):
            hint = "Pass JSON text as body=..., or set datacontenttype."
            raise InvalidEvent(
                "data", f"is bytes, but datacontenttype is {content_type}", hint=hint
            )
        body, value = jsonvalue.dump(data, depth=caps.depth)
        if len(body) > caps.data_bytes:
            raise too_large("data", len(body), caps.data_bytes)
        return body, value
    body = _plain_bytes(data, content_type)
    return body, read(body, content_type, caps)[1]


def inflate(body: bytes, encoding: str | None, cap: int) -> bytes:
    """Undo a content encoding: gzip, or none at all. Never makes more than `cap` bytes.

    Raises InvalidEvent.
    """
    if not encoding or (name := encoding.strip().lower()) in _PLAIN_ENCODINGS:
        return body
    if name not in _GZIP_ENCODINGS:
        reason = f"{excerpt(name)} is not understood"
        raise InvalidEvent("content_encoding", reason, hint="Send gzip, or no encoding.")
    try:
        return _gunzip(body, cap)
    except zlib.error as exc:
        reason = f"the body is not gzip: {exc}"
        hint = "Compress the body, or leave content_encoding out."
        raise InvalidEvent("content_encoding", reason, hint=hint) from exc


def as_bytes(body: object) -> bytes:
    """Take a body as bytes. Raises InvalidEvent when it is anything else, such as str."""
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    reason = f"is of type {type(body).__name__}"
    raise InvalidEvent("body", reason, hint="Pass bytes, or pass a value as data.")


def too_large(field: str, size: int, cap: int) -> InvalidEvent:
    """Make the error about something that has too many bytes."""
    reason = f"is {size:,} bytes; at most {cap:,} are allowed"
    return InvalidEvent(field, reason, hint="Send a reference to large content instead.")


def _gunzip(body: bytes, cap: int) -> bytes:
    """Decompress all members of a gzip stream."""
    out = bytearray()
    while body:
        member = zlib.decompressobj(_GZIP_WINDOW)
        out += member.decompress(body, cap + 1 - len(out))
        if len(out) > cap:
            reason = f"the body decompresses to more than {cap:,} bytes"
            hint = "Send a reference to large content instead."
            raise InvalidEvent("content_encoding", reason, hint=hint)
        if not member.eof:
            raise zlib.error("incomplete stream")
        body = member.unused_data
    return bytes(out)


def _guess(body: bytes, caps: Caps) -> tuple[str, Any]:
    """Decode data of which the content type is not known."""
    try:
        return JSON, jsonvalue.parse(body, depth=caps.depth)
    except InvalidEvent:
        return OPAQUE, body


def _text_or_bytes(body: bytes) -> str | bytes:
    """Decode text, unless it is not UTF-8 after all: bytes travel untouched in any case."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def _plain_bytes(data: object, content_type: str) -> bytes:
    """The bytes of data that is not JSON."""
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    if not isinstance(data, str):
        reason = f"is of type {type(data).__name__}, but datacontenttype is {content_type}"
        raise InvalidEvent("data", reason, hint="Pass str or bytes, or leave datacontenttype out.")
    try:
        return data.encode()
    except UnicodeEncodeError as exc:
        reason = "holds a lone surrogate"
        raise InvalidEvent("data", reason, hint="Pass valid Unicode, or bytes.") from exc
