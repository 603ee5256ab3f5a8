"""The record of one attempt: what was tried, what came back, and what follows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from durian.errors import InvalidInput
from durian.errors.fault import first_fault

#: What followed on an attempt. `delivered`: 2xx. `retry`: it waits for the next attempt. `dead`:
#: it was given up and lies in the dead-letter queue. `disabled`: likewise, and the listener said
#: that it wants no more.
Result = Literal["delivered", "retry", "dead", "disabled"]

#: All of them, for whoever reads results from elsewhere.
RESULTS: tuple[Result, ...] = ("delivered", "retry", "dead", "disabled")

#: Characters of an id or a type: AMQP carries no more, and a database's index has its limit too.
KEY_MAX_CHARS = 255

#: Characters of any other text. Who writes a record keeps it far below.
TEXT_MAX_CHARS = 65_536

#: Numbers that every database and every JSON reader holds exactly.
_MOST = 2**53 - 1

_T = TypeVar("_T")

_Key = Annotated[str, Field(max_length=KEY_MAX_CHARS)]
_Text = Annotated[str, Field(max_length=TEXT_MAX_CHARS)]
_Ms = Annotated[int, Field(ge=0, le=_MOST)]


# Not frozen, which would take it five times as long to be made: there is one for every attempt.
@dataclass(slots=True, kw_only=True)
class Attempt:
    """One HTTP request of a delivery, as it is written to the attempt log."""

    #: The delivery: the same for all attempts of one event at one listener.
    webhook_id: _Key
    listener_id: _Key
    event_id: _Key
    event_type: _Key
    event_source: _Text
    #: Counted from 1.
    number: Annotated[int, Field(ge=1, le=2**31 - 1)]
    #: When it ended, in milliseconds since the epoch.
    at_ms: _Ms
    #: Milliseconds from its beginning to its end.
    latency_ms: _Ms
    result: Result
    #: What became of the request: `response`, `timeout`, `refused`, ...
    kind: _Key
    #: The response's status, when there was a response.
    status: Annotated[int, Field(ge=0, le=999)] | None = None
    #: For the operator, in one line.
    error: _Text = ""
    #: For the owner of the listener: the same, without a word on the operator's network.
    public_error: _Text = ""
    #: When the next attempt is due, in milliseconds since the epoch.
    next_at_ms: _Ms | None = None
    #: Why the delivery was given up.
    reason: _Text = ""
    #: `Name: value` lines of the response's head, capped and redacted.
    response_head: _Text = ""
    #: The beginning of the response's body as text, capped and redacted.
    response_body: _Text = ""
    #: The `webhook-id` of the request, when that was a batch of several deliveries.
    batch_id: _Key | None = None

    def for_owner(self) -> Self:
        """Return what the owner of the listener may see: nothing on the operator's network.

        Kind and reason tell a guarded address from one where nobody listens, so they are left out,
        and so is how long it took, where the error is left out.
        """
        told = self.error == self.public_error
        latency_ms = self.latency_ms if told else 0
        return replace(self, error=self.public_error, kind="", reason="", latency_ms=latency_ms)

    def to_json(self) -> bytes:
        """Write it as a JSON object. Never fails."""
        try:
            return to_json(self)
        except PydanticSerializationError:  # half a character, which only escapes can write
            return json.dumps(asdict(self), separators=(",", ":")).encode("ascii")

    @staticmethod
    def from_json(body: bytes) -> Attempt:
        """Read it; fields that are not known (a newer sender's) are passed over.

        What it accepts, every registry can store. Raises InvalidInput when it is no record.
        """
        return _read(_reader(), body)


def joined(records: Iterable[bytes]) -> bytes:
    """Write the body of a message of `durian.attempts`: an array of records that are JSON."""
    return b"[%b]" % b",".join(records)


def attempts_of(body: bytes) -> list[Attempt]:
    """Read the body of a message of `durian.attempts`; a single record need not be in an array.

    Raises InvalidInput when any of it is no record.
    """
    if not body.lstrip().startswith(b"["):
        return [Attempt.from_json(body)]
    return _read(_list_reader(), body)


def _read(reader: TypeAdapter[_T], body: bytes) -> _T:
    try:
        return reader.validate_json(body, strict=True)
    except ValidationError as exc:
        field, reason = first_fault(exc, "all of it")
        raise InvalidInput("attempt", f"is no attempt record: {field} {reason}") from exc


@cache
def _reader() -> TypeAdapter[Attempt]:
    return TypeAdapter(Attempt)


@cache
def _list_reader() -> TypeAdapter[list[Attempt]]:
    return TypeAdapter(Annotated[list[Attempt], Field(min_length=1)])
