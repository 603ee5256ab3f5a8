"""A store of events in memory and a producer that publishes nowhere, for tests of relays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from durian.errors import BrokerUnavailable, DurianError, OutboxUnavailable
from durian.events import Event
from durian.producers import PartlyEmitted, Producer
from durian.producers.outbox import Row, text_of


@dataclass
class FakeStore:
    """Keeps rows in a list; marks count when the claim ends well."""

    rows: list[Row] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    faulty: dict[int, str] = field(default_factory=dict)
    pruned_before: list[datetime] = field(default_factory=list)
    #: Raised at the end of the next claim, in place of a commit.
    fault: OutboxUnavailable | None = None

    def write(self, *events: Event | str) -> None:
        """Add rows."""
        for event in events:
            text = event if isinstance(event, str) else text_of(event)
            self.rows.append(Row(len(self.rows) + 1, text))

    @contextmanager
    def claim(self, most: int) -> Iterator[FakeClaim]:
        """Hand over what waits."""
        waiting = [r for r in self.rows if r.id not in self.sent and r.id not in self.faulty]
        claim = FakeClaim(waiting[:most])
        yield claim
        if self.fault:
            fault, self.fault = self.fault, None
            raise fault
        self.sent += claim.sent
        self.faulty |= claim.faulty

    def prune(self, before: datetime, most: int) -> int:
        """Say that two and a half statements were needed, the first time."""
        self.pruned_before.append(before)
        return {1: most, 2: most // 2}.get(len(self.pruned_before), 0)


@dataclass
class FakeClaim:
    """Rows, and the marks that they were given."""

    rows: Sequence[Row]
    sent: list[int] = field(default_factory=list)
    faulty: dict[int, str] = field(default_factory=dict)

    def mark_sent(self, ids: Sequence[int]) -> None:
        """Write it down."""
        self.sent += ids

    def mark_faulty(self, row_id: int, reason: str) -> None:
        """Write it down."""
        self.faulty[row_id] = reason


class FakeProducer(Producer):
    """Confirms events, up to the one at which it was told to fail."""

    def __init__(self) -> None:
        super().__init__("amqp://nowhere.example")
        self.emitted: list[Event] = []
        #: Raised instead of confirming the event of that place among those of one call.
        self.fails_at: dict[int, DurianError] = {}

    def emit_many(self, events: Iterable[Event]) -> int:
        """Take them, or as many as it was told to."""
        given = iter(events)
        confirmed = 0
        for number, event in enumerate(given):
            if number in self.fails_at:
                error = self.fails_at.pop(number)
                raise PartlyEmitted(
                    str(error), confirmed=confirmed, unconfirmed=(event,), unread=given
                ) from error
            self.emitted.append(event)
            confirmed += 1
        return confirmed


def away() -> BrokerUnavailable:
    """The error of a broker that is not there."""
    return BrokerUnavailable("no broker.")
