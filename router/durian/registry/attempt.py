"""The record of one attempt: what was tried, what came back, and what follows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

from pydantic_core import from_json, to_json

from durian.errors import InvalidInput

#: What followed on an attempt. `delivered`: 2xx. `retry`: it waits for the next attempt. `dead`:
#: it was given up and lies in the dead-letter queue. `disabled`: likewise, and the listener said
#: that it wants no more.
Result = Literal["delivered", "retry", "dead", "disabled"]

#: All of them, for whoever reads results from elsewhere.
RESULTS: tuple[Result, ...] = ("delivered", "retry", "dead", "disabled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One HTTP request of a delivery, as it is written to the attempt log."""

    #: The delivery: the same for all attempts of one event at one listener.
    webhook_id: str
    listener_id: str
    event_id: str
    event_type: str
    event_source: str
    #: Counted from 1.
    number: int
    #: When it ended, in milliseconds since the epoch.
    at_ms: int
    #: Milliseconds from its beginning to its end.
    latency_ms: int
    result: Result
    #: What became of the request: `response`, `timeout`, `refused`, ...
    kind: str
    #: The response's status, when there was a response.
    status: int | None = None
    #: For the operator, in one line.
    error: str = ""
    #: For the owner of the listener: the same, without a word on the operator's network.
    public_error: str = ""
    #: When the next attempt is due, in milliseconds since the epoch.
    next_at_ms: int | None = None
    #: Why the delivery was given up.
    reason: str = ""
    #: `Name: value` lines of the response's head, capped and redacted.
    response_head: str = ""
    #: The beginning of the response's body as text, capped and redacted.
    response_body: str = ""

    def to_json(self) -> bytes:
        """Write it as the body of a message of `durian.attempts`."""
        return to_json(asdict(self))

    @classmethod
    def from_json(cls, body: bytes) -> Self:
        """Read it; fields that are not known (a newer sender's) are passed over.

        Raises InvalidInput when it is no record.
        """
        try:
            found: dict[str, Any] = from_json(body)
            known = {each.name for each in fields(cls)}
            return cls(**{name: value for name, value in found.items() if name in known})
        except (ValueError, TypeError, AttributeError) as exc:
            raise InvalidInput("attempt", f"is no attempt record: {exc}") from exc
