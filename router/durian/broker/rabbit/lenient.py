"""Reading headers that pika cannot: a stranger's mistake must not stop a queue.

pika raises on, say, a timestamp in milliseconds (the year 59000) or values nested thousands deep,
and the connection ends over it; the message is handed out again to the next one, which ends too.
"""

from __future__ import annotations

import struct
from typing import Any

from pika import BasicProperties, data, frame, spec
from pika.exceptions import AMQPError

#: What reading a value raises when it makes no sense.
UNREADABLE = (
    ValueError,
    OverflowError,
    OSError,
    ArithmeticError,
    RecursionError,
    struct.error,
    AMQPError,
)

#: Type, channel and size of a frame; class, weight and body size of a content header.
_FRAME = struct.Struct(">BHL")
_HEADER = struct.Struct(">HHQ")

#: Bytes of the values that may be unreadable, by their type; arrays and tables tell their own.
_SIZES = {b"T": 8, b"f": 4, b"d": 8}
_CONTAINERS = (b"A", b"F")


def read_header(received: bytes) -> tuple[int, frame.Header] | None:
    """Read the content header with which a buffer begins; None when it is something else.

    What is unreadable among its headers becomes None.
    """
    kind, channel, size = _FRAME.unpack_from(received)
    if kind != spec.FRAME_HEADER:
        return None
    start = spec.FRAME_HEADER_SIZE
    content = received[start : start + size]
    _, _, body_size = _HEADER.unpack_from(content)
    properties = _properties(content[_HEADER.size :])
    return start + size + spec.FRAME_END_SIZE, frame.Header(channel, body_size, properties)


def _properties(encoded: bytes) -> BasicProperties:
    """Read properties whose headers pika cannot read: let it read them without the headers."""
    (flags,) = struct.unpack_from(">H", encoded)
    offset = 2
    for flag in (BasicProperties.FLAG_CONTENT_TYPE, BasicProperties.FLAG_CONTENT_ENCODING):
        if flags & flag:
            offset += 1 + encoded[offset]
    (size,) = struct.unpack_from(">I", encoded, offset)
    table = offset + 4
    rest = struct.pack(">H", flags & ~BasicProperties.FLAG_HEADERS)
    properties = BasicProperties()
    properties.decode(rest + encoded[2:offset] + encoded[table + size :])
    properties.headers = _table(encoded[table : table + size])
    return properties


def _table(encoded: bytes) -> dict[str, Any]:
    values: dict[str, Any] = {}
    offset = 0
    while offset < len(encoded):
        name_end = offset + 1 + encoded[offset]
        name = encoded[offset + 1 : name_end].decode("utf-8", "replace")
        try:
            values[name], offset = data.decode_value(encoded, name_end)
        except UNREADABLE:
            values[name] = None
            offset = name_end + 1 + _size(encoded, name_end)
    return values


def _size(encoded: bytes, offset: int) -> int:
    """Tell how many bytes an unreadable value takes behind its type."""
    kind = encoded[offset : offset + 1]
    if kind in _CONTAINERS:
        (size,) = struct.unpack_from(">I", encoded, offset + 1)
        return 4 + int(size)
    # A type nobody knows may be of any size: what follows is unreadable as well.
    return _SIZES.get(kind, len(encoded))
