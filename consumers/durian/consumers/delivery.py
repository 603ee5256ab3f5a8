"""A delivery: one event on its way to one listener, as its message carries it."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from durian.events.message import DEAD_AT_HEADER, REASON_HEADER, HeaderValue, Message

#: How many attempts were made before, in decimal; absent on a delivery that was never tried.
ATTEMPTS_HEADER: Final = "durian-attempts"

#: When the first attempt was made, in milliseconds since the epoch.
FIRST_AT_HEADER: Final = "durian-first-at"

#: What the last attempt failed with, in one line.
ERROR_HEADER: Final = "durian-last-error"

#: Of which batch it was when it was last tried, and how many events that held.
BATCH_HEADER: Final = "durian-batch"

#: What the `webhook-id` of a batch begins with.
BATCH_PREFIX: Final = "batch_"

#: Headers are for people and must stay small: characters of an error or a reason.
_TEXT_MAX_CHARS: Final = 500

#: Digits of a number in a header: enough for milliseconds since the epoch.
_NUMBER_MAX_DIGITS: Final = 15

#: Only the event travels on from hop to hop: `x-death` and its kin would act on the broker.
_EVENT_PREFIX: Final = "ce-"


# Not frozen, which would take it five times as long to be made: there is one for every attempt.
@dataclass(slots=True, kw_only=True)
class Delivery:
    """One event on its way to one listener."""

    listener_id: str
    #: The canonical binary-mode message the router published, maybe under another listener's key.
    #: Its `timestamp` is when it was routed; one that was sent again has none.
    message: Message
    #: True when it comes straight from the router: not even its first wait has begun.
    fresh: bool
    #: Attempts made before now.
    attempts: int
    #: When the first attempt was made, in milliseconds since the epoch; None before it.
    first_at_ms: int | None
    #: The `webhook-id` of the batch in which it is tried; empty for a listener without batches.
    batch_id: str = ""
    #: How many deliveries that holds.
    batch_size: int = 0

    @classmethod
    def of(cls, listener_id: str, message: Message) -> Delivery:
        """Read a delivery from a message of the listener's queue."""
        return cls(
            listener_id=listener_id,
            message=message,
            fresh=ATTEMPTS_HEADER not in message.headers,
            attempts=_number(message.headers.get(ATTEMPTS_HEADER)) or 0,
            first_at_ms=_number(message.headers.get(FIRST_AT_HEADER)),
        )

    @property
    def event_id(self) -> str:
        """The event's `id` attribute."""
        return str(self.message.headers.get("ce-id", ""))

    @property
    def webhook_id(self) -> str:
        """The same on every attempt, replay and duplicate of this delivery, and on no other."""
        source = str(self.message.headers.get("ce-source", ""))
        return webhook_id_of(source, self.event_id, self.listener_id)

    def tried(self, error: str, now: float) -> Message:
        """The message to try again later, after an attempt that ended at `now` (epoch seconds)."""
        first_at_ms = self.first_at_ms or round(now * 1000)
        own = {
            ATTEMPTS_HEADER: str(self.attempts + 1),
            FIRST_AT_HEADER: str(first_at_ms),
            ERROR_HEADER: error[:_TEXT_MAX_CHARS],
        }
        if self.batch_size:
            own[BATCH_HEADER] = f"{self.batch_id} {self.batch_size}"
        return self._message(own)

    def postponed(self) -> Message:
        """The message to try later although no attempt was made."""
        return self._message({ATTEMPTS_HEADER: str(self.attempts)})

    def anew(self) -> Message:
        """The message to begin again with, as the router published it."""
        return replace(self._message({}), timestamp=None)

    def given_up(self, reason: str, error: str, now: float) -> Message:
        """The dead letter, after an attempt that ended at `now` (epoch seconds)."""
        headers = dict(self.tried(error, now).headers)
        headers[REASON_HEADER] = reason[:_TEXT_MAX_CHARS]
        headers[DEAD_AT_HEADER] = str(round(now * 1000))
        return replace(self.message, headers=headers, routing_key=self.listener_id)

    def _message(self, own: dict[str, str]) -> Message:
        headers: dict[str, HeaderValue] = {
            name: value
            for name, value in self.message.headers.items()
            if name.startswith(_EVENT_PREFIX)
        }
        # Under its listener's key alone: the router published it under those of many.
        return replace(self.message, headers=headers | own, routing_key=self.listener_id)


@lru_cache(maxsize=4096)  # each attempt asks twice: for its request, and for its record
def webhook_id_of(source: str, event_id: str, listener_id: str) -> str:
    """Derive the `webhook-id` of an event's delivery to a listener.

    Derived, not stored: CloudEvents makes source and id unique together, and the id may hold
    characters that Standard Webhooks forbids (its signature is over `id.timestamp.body`).
    """
    return f"msg_{_digest(source, event_id, listener_id)}"


def batch_id_of(webhook_ids: Sequence[str]) -> str:
    """Derive the `webhook-id` of a batch from those of its deliveries, in whatever order.

    A batch of one has that of its delivery.
    """
    if len(webhook_ids) == 1:
        return webhook_ids[0]
    return f"{BATCH_PREFIX}{_digest(*sorted(webhook_ids))}"


def _digest(*parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode()).digest()[:18]
    return urlsafe_b64encode(digest).decode()


def _number(value: HeaderValue) -> int | None:
    """A header's number; what is not one counts as absent."""
    if value is None:
        return None
    text = str(value)
    is_number = text.isascii() and text.isdigit() and len(text) <= _NUMBER_MAX_DIGITS
    return int(text) if is_number else None
