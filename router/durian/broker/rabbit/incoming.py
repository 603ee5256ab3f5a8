"""What comes most, read from its frames: deliveries and confirms.

pika makes an object of each frame and passes it through tables of callbacks, which takes longer
than all that the router does with an event (decision 24). What is in any way unusual is left to
pika, which reads everything.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from pika.spec import FRAME_BODY, FRAME_HEADER, FRAME_METHOD

from durian.events.message import HeaderValue, Message

#: Where the content of a frame begins, behind kind, channel and size; bytes around it.
_START, _AROUND = 7, 8

#: Class and method of Basic.Deliver and Basic.Ack.
_DELIVER = bytes([0, 60, 0, 60])
_ACK = bytes([0, 60, 0, 80])

#: A delivery tag, and the only bit behind it: redelivered, or "all up to this one".
_TAG = struct.Struct(">Q?")
#: The size of a body, and flags of the properties that follow: behind class and weight.
_CONTENT = struct.Struct(">4xQH")
_LONG, _LONG_LONG = struct.Struct(">L"), struct.Struct(">Q")

#: The type of a header that is a string.
_STRING = ord("S")

#: Bodies up to this size are waited for; larger ones may come in several frames, which pika joins.
_WHOLE = 65_536

#: Names of headers and exchanges that are kept as text.
_NAMES = 512

#: Raised where the bytes are not what AMQP says, or not what is read here.
_MALFORMED = (IndexError, struct.error, ValueError)


class Confirm(NamedTuple):
    """The broker has one message safely, or all up to one."""

    channel: int
    tag: int
    several: bool


class Delivery(NamedTuple):
    """A message that the broker hands out."""

    channel: int
    consumer: bytes
    tag: int
    redelivered: bool
    message: Message
    #: How many frames it took.
    frames: int


def is_delivery(frame: bytes) -> bool:
    """Tell whether a delivery begins with a frame."""
    return frame[0] == FRAME_METHOD and frame[_START : _START + 4] == _DELIVER


def confirm_in(frame: bytes) -> Confirm | None:
    """Read a confirm; None when it is another frame."""
    if frame[0] != FRAME_METHOD or frame[_START : _START + 4] != _ACK:
        return None
    return Confirm(_channel(frame), *_TAG.unpack_from(frame, _START + 4))


def is_begun(frames: Sequence[bytes], at: int) -> bool:
    """Tell whether the rest of the delivery that begins at a frame has yet to come.

    Not so when other frames are between, or when its body takes several.
    """
    left = len(frames) - at
    if left != 2:  # noqa: PLR2004  # method and header, and no body
        return left == 1
    header = frames[at + 1]
    return (
        _follows(frames, at, FRAME_HEADER)
        and len(header) >= _START + _CONTENT.size
        and 0 < _body_size(header) <= _WHOLE
    )


def delivery_in(frames: Sequence[bytes], at: int) -> Delivery | None:
    """Read the delivery that begins at a frame; None when it takes pika to read it."""
    try:
        if not _follows(frames, at, FRAME_HEADER):
            return None
        body, count = b"", 2
        if size := _body_size(frames[at + 1]):
            if not _follows(frames, at, FRAME_BODY, 2) or len(frames[at + 2]) - _AROUND != size:
                return None
            body, count = frames[at + 2][_START:-1], 3
        return _delivery(frames[at], frames[at + 1], body, count)
    except _MALFORMED:
        return None


def _follows(frames: Sequence[bytes], at: int, kind: int, behind: int = 1) -> bool:
    """Tell whether a frame of a kind is behind another, on the same channel."""
    found = frames[at + behind]
    return found[0] == kind and found[1:3] == frames[at][1:3]


def _channel(frame: bytes) -> int:
    return frame[1] << 8 | frame[2]


def _body_size(header: bytes) -> int:
    size: int = _CONTENT.unpack_from(header, _START)[0]
    return size


def _delivery(method: bytes, header: bytes, body: bytes, count: int) -> Delivery:
    at = _START + 4
    consumer, at = _short(method, at)
    tag, redelivered = _TAG.unpack_from(method, at)
    exchange, at = _short(method, at + _TAG.size)
    key, at = _short(method, at)
    message = _message(header, body, _kept(exchange), key.decode())
    return Delivery(_channel(method), consumer, tag, redelivered, message, count)


def _message(header: bytes, body: bytes, exchange: str, key: str) -> Message:
    """Read the properties of a message, in the order of their flags (AMQP 0-9-1, 4.2.6.1)."""
    flags = _CONTENT.unpack_from(header, _START)[1]
    at = _START + _CONTENT.size
    content_type, at = _text(header, at, flags & 1 << 15)
    content_encoding, at = _text(header, at, flags & 1 << 14)
    headers: dict[str, HeaderValue] = {}
    if flags & 1 << 13:
        at = _table(header, at, headers)
    at += bool(flags & 1 << 12) + bool(flags & 1 << 11)  # delivery mode, priority
    for flag in (1 << 10, 1 << 9, 1 << 8) if flags & 0x0700 else ():
        _, at = _text(header, at, flags & flag)  # correlation id, reply to, expiration
    message_id, at = _text(header, at, flags & 1 << 7)
    timestamp: int | None = None
    if flags & 1 << 6:
        (timestamp,) = _LONG_LONG.unpack_from(header, at)
        at += _LONG_LONG.size
    kind, at = _text(header, at, flags & 1 << 5)
    _, at = _text(header, at, flags & 1 << 4)  # user id
    app_id, at = _text(header, at, flags & 1 << 3)
    if at != len(header) - 1:
        raise ValueError("properties that nobody knows")
    return Message(
        body=body,
        headers=headers,
        content_type=content_type,
        content_encoding=content_encoding,
        message_id=message_id,
        type=kind,
        timestamp=timestamp,
        app_id=app_id,
        exchange=exchange,
        routing_key=key,
    )


def _table(header: bytes, at: int, headers: dict[str, HeaderValue]) -> int:
    """Read headers that are all strings; return where they end."""
    (size,) = _LONG.unpack_from(header, at)
    at += _LONG.size
    end = at + size
    while at < end:
        name_end = at + 1 + header[at]
        if header[name_end] != _STRING:
            raise ValueError("a header that is no string")
        (size,) = _LONG.unpack_from(header, name_end + 1)
        start = name_end + 1 + _LONG.size
        name = header[at + 1 : name_end]
        at = start + size
        headers[_kept(name)] = header[start:at].decode()
    if at != end:
        raise ValueError("headers that are longer than they say")
    return at


def _short(frame: bytes, at: int) -> tuple[bytes, int]:
    end = at + 1 + frame[at]
    return frame[at + 1 : end], end


def _text(frame: bytes, at: int, is_there: int) -> tuple[str | None, int]:
    if not is_there:
        return None, at
    end = at + 1 + frame[at]
    return frame[at + 1 : end].decode(), end


@lru_cache(_NAMES)
def _kept(name: bytes) -> str:
    return name.decode()
