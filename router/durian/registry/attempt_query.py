"""Questions to the attempt log, and pages of answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from durian.errors import InvalidInput
from durian.registry.attempt import Attempt, Result


class Wanted(TypedDict, total=False):
    """Which records are asked for: all conditions have to hold; None is no condition."""

    #: The listener's id.
    listener: str | None
    event_id: str | None
    event_type: str | None
    #: The `webhook-id` of a request that was a batch.
    batch_id: str | None
    result: Result | None
    #: The response's status.
    status: int | None
    #: Ended at this moment or later, in milliseconds since the epoch.
    since_ms: int | None
    #: Ended before this moment, in milliseconds since the epoch.
    until_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptPage:
    """Some records, the newest first."""

    attempts: Sequence[Attempt]
    #: What to ask after for the next page; None when this is the last.
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the attempt log: records are ordered by their time, then as they were written."""

    at_ms: int
    row_id: int

    def __str__(self) -> str:
        return f"{self.at_ms}-{self.row_id}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read it back. Raises InvalidInput when it is none."""
        at_ms, _, row_id = text.partition("-")
        numbers = [part for part in (at_ms, row_id) if part.isascii() and part.isdigit()]
        if len(numbers) != 2 or max(map(len, numbers)) > 18:  # noqa: PLR2004  # both, below 2**63
            raise InvalidInput("after", "is no place in the attempt log", hint="Take `next`.")
        return cls(*map(int, numbers))
