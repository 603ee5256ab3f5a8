"""A message as the bytes that publish it: method, content header and body in one piece.

pika makes an object of each frame, and each property goes through four of its functions: for a
message of some hundred bytes that is a third of what the router has to do (decision 24).
"""

from __future__ import annotations

import struct
from functools import lru_cache

from durian.broker.headers import to_send
from durian.broker.port import Address
from durian.errors import BrokerRefused
from durian.events.message import Message

#: A message's properties must fit one frame of 131,072 bytes; the broker closes the whole
#: connection over a larger one. The rest is for names, types and the other properties.
MAX_HEADER_BYTES = 100_000

#: Kinds of frames, their head (kind, channel, size) and their end (AMQP 0-9-1, 4.2.3).
_METHOD, _HEADER, _BODY = 1, 2, 3
_HEAD = struct.Struct(">BHL")
_END = b"\xce"

#: The class of methods about messages.
_BASIC = 60

#: Basic.Publish: class, method and a reserved number; at its end the bits, of which mandatory.
_PUBLISH = bytes([0, 60, 0, 40, 0, 0])
_MANDATORY = b"\x01"

#: Basic.Ack as a whole: head, class, method, tag, bits, end.
_ACK = struct.Struct(">BHLHHQ?c")
_ACK_METHOD, _ACK_BYTES = 80, 13

#: A content header begins with class, weight, size of the body, and which properties follow.
_CONTENT = struct.Struct(">HHQH")
_CONTENT_TYPE, _CONTENT_ENCODING, _HEADERS, _DELIVERY_MODE = 1 << 15, 1 << 14, 1 << 13, 1 << 12
_MESSAGE_ID, _TIMESTAMP, _TYPE, _APP_ID = 1 << 7, 1 << 6, 1 << 5, 1 << 3

#: The delivery mode of messages that survive a restart of the broker.
_PERSISTENT = b"\x02"

_LONG, _LONG_LONG = struct.Struct(">L"), struct.Struct(">Q")
_LENGTHS = [bytes([size]) for size in range(256)]

#: Names of headers that are kept as bytes; a stranger's attributes may have any name.
_NAMES = 512


def publishing(message: Message, to: Address, channel: int, body_most: int) -> bytes:
    """The frames that publish a message, persistent and mandatory.

    `body_most` is how many bytes of a body go into one frame. Raises BrokerRefused when the headers
    do not fit; ValueError and struct.error when a property is no AMQP.
    """
    body = message.body
    method = b"".join((_PUBLISH, _short(to.exchange), _short(to.routing_key), _MANDATORY))
    header = _header(message, to)
    pieces = [_HEAD.pack(_METHOD, channel, len(method)), method, _END]
    pieces += (_HEAD.pack(_HEADER, channel, len(header)), header, _END)
    for start in range(0, len(body), body_most):
        part = body[start : start + body_most]
        pieces += (_HEAD.pack(_BODY, channel, len(part)), part, _END)
    return b"".join(pieces)


def acking(channel: int, tag: int, *, several: bool) -> bytes:
    """The frame that acks a delivery, or all up to it."""
    return _ACK.pack(_METHOD, channel, _ACK_BYTES, _BASIC, _ACK_METHOD, tag, several, _END)


def _header(message: Message, to: Address) -> bytes:
    flags = _HEADERS | _DELIVERY_MODE
    before, after = b"", []
    if message.content_type is not None:
        flags |= _CONTENT_TYPE
        before = _short(message.content_type)
    if message.content_encoding is not None:
        flags |= _CONTENT_ENCODING
        before += _short(message.content_encoding)
    if message.message_id is not None:
        flags |= _MESSAGE_ID
        after.append(_short(message.message_id))
    if message.timestamp is not None:
        flags |= _TIMESTAMP
        after.append(_LONG_LONG.pack(message.timestamp))
    if message.type is not None:
        flags |= _TYPE
        after.append(_short(message.type))
    if message.app_id is not None:
        flags |= _APP_ID
        after.append(_short(message.app_id))
    table = _table(message, to)
    start = _CONTENT.pack(_BASIC, 0, len(message.body), flags)
    return b"".join((start, before, _LONG.pack(len(table)), table, _PERSISTENT, *after))


def _table(message: Message, to: Address) -> bytes:
    pieces: list[bytes] = []
    for name, value in to_send(message.headers).items():
        text = value.encode()
        pieces += (_name(name), _LONG.pack(len(text)), text)
    if to.bcc:
        # Strings, never bytes: RabbitMQ ignores binary keys without a word.
        keys = b"".join([_long(key) for key in to.bcc])
        pieces += (_short("BCC"), b"A", _LONG.pack(len(keys)), keys)
    table = b"".join(pieces)
    if len(table) > MAX_HEADER_BYTES:
        raise BrokerRefused(
            f"The message's headers take {len(table)} bytes; at most {MAX_HEADER_BYTES} fit.",
            hint="Move what is long into the body.",
        )
    return table


@lru_cache(_NAMES)
def _name(name: str) -> bytes:
    """A header's name, and that a string follows."""
    return _short(name) + b"S"


def _long(text: str) -> bytes:
    encoded = text.encode()
    return b"S" + _LONG.pack(len(encoded)) + encoded


def _short(text: str) -> bytes:
    encoded = text.encode()
    if len(encoded) > 255:  # noqa: PLR2004  # what one byte can count
        raise ValueError(f"{text[:40]!r} and so on is longer than 255 bytes")
    return _LENGTHS[len(encoded)] + encoded
