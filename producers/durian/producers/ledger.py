"""What was published on one channel and what became of it: the books of publisher confirms."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import takewhile

from durian.errors import BrokerError, PublishRejected, Unroutable
from durian.events import Event
from durian.events.message import Message


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event on its way to the broker, with its encoding."""

    event: Event
    message: Message


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an event: confirmed when there is no error."""

    outgoing: Outgoing
    error: BrokerError | None


class Ledger:
    """The books of one channel: RabbitMQ numbers its publishes from one."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._last_tag = 0
        self._outstanding: dict[int, tuple[Outgoing, float]] = {}
        self._returned: Counter[tuple[str | None, str]] = Counter()
        self._receipts: list[Receipt] = []

    def __len__(self) -> int:
        """How many were published and not yet confirmed, returned or refused."""
        return len(self._outstanding)

    @property
    def oldest_at(self) -> float:
        """When the oldest outstanding one was published, as `add` was told."""
        _, since = next(iter(self._outstanding.values()))
        return since

    @property
    def has_receipts(self) -> bool:
        """Tell whether something was settled since receipts were taken."""
        return bool(self._receipts)

    def add(self, outgoing: Outgoing, now: float) -> None:
        """Write down a publish."""
        self._last_tag += 1
        self._outstanding[self._last_tag] = (outgoing, now)

    def returned(self, message_id: str | None, routing_key: str) -> None:
        """Write down a return; it carries no number, but comes before its message's ack."""
        self._returned[message_id, routing_key] += 1

    def acked(self, tag: int, *, multiple: bool) -> None:
        """Settle one, or all up to it: the broker has them, unless it returned them."""
        for outgoing in self._settle(tag, multiple=multiple):
            self._receipts.append(Receipt(outgoing, self._verdict(outgoing)))

    def nacked(self, tag: int, *, multiple: bool) -> None:
        """Settle one, or all up to it: the broker could not take them."""
        for outgoing in self._settle(tag, multiple=multiple):
            error = PublishRejected(f"RabbitMQ at {self._place} did not take {_name(outgoing)}.")
            self._receipts.append(Receipt(outgoing, error))

    def take_receipts(self) -> list[Receipt]:
        """Hand over what was settled since the last call."""
        receipts, self._receipts = self._receipts, []
        return receipts

    def take_back(self) -> list[Outgoing]:
        """Give up: hand over what was not settled, oldest first."""
        unsettled = [outgoing for outgoing, _ in self._outstanding.values()]
        self._outstanding.clear()
        return unsettled

    def _settle(self, tag: int, *, multiple: bool) -> list[Outgoing]:
        upto = list(takewhile(lambda known: known <= tag, self._outstanding)) if multiple else [tag]
        return [self._outstanding.pop(each)[0] for each in upto]

    def _verdict(self, outgoing: Outgoing) -> BrokerError | None:
        key = (outgoing.message.message_id, outgoing.message.routing_key)
        if not self._returned[key]:
            return None
        self._returned[key] -= 1
        return Unroutable(f"No queue at {self._place} took {_name(outgoing)}.")


def _name(outgoing: Outgoing) -> str:
    return f"event {outgoing.event.id} of type {outgoing.event.type}"
