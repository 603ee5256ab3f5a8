"""Messages that are no events: set aside untouched, with the reason beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from durian.events.message import Message

#: Header of `durian.invalid` messages: why the message could not be read.
REASON_HEADER: Final = "durian-reason"

#: A reason is for people; a header frame has its limits.
_REASON_MAX_CHARS: Final = 1000

#: Headers that would act on the broker, or grow at every hop.
_DROPPED: Final = frozenset({"cc", "bcc"})
_DROPPED_PREFIXES: Final = ("x-", "durian-")


def explained(message: Message, reason: str) -> Message:
    """The message as it came, with the reason; headers that act on the broker are left out.

    Header values are kept as text: they are shown to people, never routed again.
    """
    headers = {
        name: str(value)
        for name, value in message.headers.items()
        if name.lower() not in _DROPPED and not name.lower().startswith(_DROPPED_PREFIXES)
    }
    headers[REASON_HEADER] = reason[:_REASON_MAX_CHARS]
    return replace(message, headers=headers)
