"""Messages that are no events: set aside untouched, with the reason beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from durian.events.message import REASON_HEADER, HeaderValue, Message

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


def explained(message: Message, reason: str) -> Message:
    """The message as it came, with the reason; headers that act on the broker are left out.

    Header values are kept as text: they are shown to people, never routed again. What does not
    fit is counted in a header of its own.
    """
    headers: dict[str, HeaderValue] = {}
    room_bytes = _HEADERS_MAX_BYTES
    dropped = 0
    for key, value in message.headers.items():
        name = short(str(key)) or ""  # pika hands over bytes where a name is no UTF-8
        if name.lower() in _DROPPED or name.lower().startswith(_DROPPED_PREFIXES):
            continue
        text = str(value)
        room_bytes -= len(name.encode()) + len(text.encode())
        if room_bytes < 0:
            dropped += 1
        else:
            headers[name] = text
    if dropped:
        headers[DROPPED_HEADER] = str(dropped)
    headers[REASON_HEADER] = reason[:_REASON_MAX_CHARS]
    return replace(
        message,
        headers=headers,
        content_type=short(message.content_type),
        content_encoding=short(message.content_encoding),
        message_id=short(message.message_id),
        type=short(message.type),
        app_id=short(message.app_id),
    )


def short(text: str | None) -> str | None:
    """What fits a short string of AMQP: bytes that were no UTF-8 have grown when they were read."""
    if text is None:
        return None
    return text.encode("utf-8", "replace")[:_SHORT_MAX_BYTES].decode("utf-8", "ignore")
