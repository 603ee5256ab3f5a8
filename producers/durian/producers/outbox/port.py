"""What a relay asks of the database that holds an outbox."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from durian.events import Event


@dataclass(frozen=True, slots=True)
class Row:
    """An event that waits in an outbox."""

    id: int
    #: The event as a CloudEvents JSON document (`application/cloudevents+json`).
    event: str


class Claim(Protocol):
    """Rows that one relay works on, and no other, until its transaction ends."""

    @property
    def rows(self) -> Sequence[Row]:
        """The rows, in the order in which they were written."""

    def mark_sent(self, ids: Sequence[int]) -> None:
        """Note that the broker has these safely."""

    def mark_faulty(self, row_id: int, reason: str) -> None:
        """Note that this one is no event: it waits for a person, and is not claimed again."""


class Store(Protocol):
    """A table of events. Used by one thread. Raises OutboxUnavailable when the database is away."""

    def claim(self, most: int) -> AbstractContextManager[Claim]:
        """Claim rows that wait and that nobody else has claimed, the oldest first.

        Leaving the block commits the marks; leaving it by an exception drops them.
        """

    def prune(self, before: datetime, most: int) -> int:
        """Delete rows sent before a moment, at most so many; tell how many these were."""


class Emitter(Protocol):
    """What publishes events, as `durian.producers.Producer` does."""

    def emit_many(self, events: Iterable[Event]) -> int:
        """Publish events and wait for every confirm. Raises PartlyEmitted."""
