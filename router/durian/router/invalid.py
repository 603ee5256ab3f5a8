"""Messages that are no events: set aside untouched, with the reason beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from durian.errors import InvalidEvent
from durian.events.amqp import PREFIXES
from durian.events.canonical import canonical
from durian.events.message import REASON_HEADER, HeaderValue, Message

#: When it was set aside, in milliseconds since the epoch.
ASIDE_AT_HEADER: Final = "durian-aside-at"

#: The exchange it had been published to.
FROM_HEADER: Final = "durian-aside-from"

#: How many headers of the message are not here.
DROPPED_HEADER: Final = "durian-headers-dropped"

#: A producer may fill a whole frame with headers; ours on top would close the connection.
_HEADERS_MAX_BYTES: Final = 16_384

#: AMQP's bound of properties, routing keys and header names.
_SHORT_MAX_BYTES: Final = 255

#: A reason is for people; a header frame has its limits.
_REASON_MAX_CHARS: Final = 1000

#: Headers that would act on the broker, or grow at every hop.
_DROPPED: Final = frozenset({"cc", "bcc"})
_DROPPED_PREFIXES: Final = ("x-", "durian-")


def explained(message: Message, reason: str, now: float) -> Message:
    """The message as it came, with the reason; headers that act on the broker are left out.

    `now` is in seconds since the epoch. Header values are kept as the text that the codec would
    read in them. What does not fit is counted in a header of its own.
    """
    headers, dropped = _texts(message.headers)
    if dropped:
        headers[DROPPED_HEADER] = str(dropped)
    headers[REASON_HEADER] = reason[:_REASON_MAX_CHARS]
    headers[ASIDE_AT_HEADER] = str(round(now * 1000))
    headers[FROM_HEADER] = short(message.exchange) or ""
    return _bounded(message, headers)


def plain(message: Message) -> Message:
    """The message as it came: without what was written on it here, or by the broker."""
    return _bounded(message, _texts(message.headers)[0])


def _bounded(message: Message, headers: Mapping[str, HeaderValue]) -> Message:
    return replace(
        message,
        headers=headers,
        content_type=short(message.content_type),
        content_encoding=short(message.content_encoding),
        message_id=short(message.message_id),
        type=short(message.type),
        app_id=short(message.app_id),
    )


def _texts(given: Mapping[str, HeaderValue]) -> tuple[dict[str, HeaderValue], int]:
    """The headers that travel, as text, and how many did not fit."""
    headers: dict[str, HeaderValue] = {}
    room_bytes = _HEADERS_MAX_BYTES
    dropped = 0
    for key, value in given.items():
        name = short(str(key)) or ""  # pika hands over bytes where a name is no UTF-8
        if value is None or name.lower() in _DROPPED or name.lower().startswith(_DROPPED_PREFIXES):
            continue
        text = _text(name, value)
        room_bytes -= len(name.encode()) + len(text.encode())
        if room_bytes < 0:
            dropped += 1
        else:
            headers[name] = text
    return headers, dropped


def _text(name: str, value: HeaderValue) -> str:
    attribute = name.lower()
    for prefix in PREFIXES:
        attribute = attribute.removeprefix(prefix)
    try:
        return canonical(attribute, value)
    except InvalidEvent:
        return str(value)


def short(text: str | None) -> str | None:
    """What fits a short string of AMQP: bytes that were no UTF-8 have grown when they were read."""
    if text is None:
        return None
    return text.encode("utf-8", "replace")[:_SHORT_MAX_BYTES].decode("utf-8", "ignore")
