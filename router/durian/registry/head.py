"""The head of an ordered listener: the delivery that all others wait behind."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is known of an ordered listener's first delivery, whose message stays in its queue."""

    listener_id: str
    #: The delivery. What is known of another one is worth nothing.
    webhook_id: str
    #: Attempts made so far.
    attempts: int
    #: When the first was made, in milliseconds since the epoch.
    first_at_ms: int
    #: When the next is to be made, in seconds since the epoch.
    due_at: float
    #: What the last one failed with, in one line for the operator.
    error: str = ""
