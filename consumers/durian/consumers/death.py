"""Why the broker itself moved a message: what RabbitMQ writes on what it dead-letters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from durian.events.message import Message

#: The header RabbitMQ writes; the latest death comes first.
_DEATHS: Final = "x-death"

#: The reason of a message that came back to its queue too often.
_TOO_OFTEN: Final = "delivery_limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """How a message was dead-lettered last."""

    #: True when it was handed out too often without an end.
    too_often: bool
    #: Under which key it had come into the queue.
    routing_key: str

    @classmethod
    def of(cls, message: Message) -> Death | None:
        """Read it; None when the broker did not move the message, or does not say so."""
        deaths = message.headers.get(_DEATHS)
        if not isinstance(deaths, list) or not deaths or not isinstance(deaths[0], dict):
            return None
        keys = deaths[0].get("routing-keys")
        first = keys[0] if isinstance(keys, list) and keys else ""
        return cls(too_often=deaths[0].get("reason") == _TOO_OFTEN, routing_key=str(first))
