"""Messages that are no events: set aside untouched, with the reason beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from durian.events.message import HeaderValue, Message

#: Header of `durian.invalid` messages: why the message could not be read.
REASON_HEADER: Final = "durian-reason"

#: How many headers of the message are not here.
DROPPED_HEADER: Final = "durian-headers-dropped"

#: A producer may fill a whole frame with headers; ours on top would close the connection.
_HEADERS_MAX_BYTES: Final = 16_384

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
    for name, value in message.headers.items():
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
    return replace(message, headers=headers)
