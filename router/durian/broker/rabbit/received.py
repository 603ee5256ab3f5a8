"""A message from RabbitMQ, and the bookkeeping of what was acked on its channel."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from durian.events.message import Message


class Settling(Protocol):
    """A channel on which messages are settled."""

    @property
    def alive(self) -> bool:
        """False once it is closed: its messages are handed out again."""

    def ack(self, tag: int) -> None:
        """Settle a message, with others at the end of this turn."""

    def give_back(self, tag: int) -> None:
        """Put a message back into its queue."""


class RabbitReceived:
    """A message handed to a consumer."""

    __slots__ = ("channel", "message", "queue", "redelivered", "tag")

    def __init__(
        self, channel: Settling, tag: int, queue: str, message: Message, *, redelivered: bool
    ) -> None:
        self.channel = channel
        self.tag = tag
        self.queue = queue
        self.message = message
        self.redelivered = redelivered

    @property
    def alive(self) -> bool:
        """False once its channel is gone: it is handed out again, acking it is a no-op."""
        return self.channel.alive


class Tally:
    """Which delivery tags of a channel are settled, so that many are acked by one method.

    Tags count up from 1. An ack for "all up to this one" is right when every tag before it is
    settled, one way or another; the others are acked one by one, so that no consumer waits for
    another's slow message.
    """

    __slots__ = ("_ahead", "_lowest", "_seen")

    def __init__(self) -> None:
        #: The lowest tag that is not settled.
        self._lowest = 1
        #: Settled tags above it; the broker knows of them.
        self._ahead: set[int] = set()
        self._seen = 0

    def delivered(self, tag: int) -> None:
        """Note a delivery. Tags that were skipped went back to their queues without us."""
        if tag != self._seen + 1:
            for skipped in range(self._seen + 1, tag):
                self.settled(skipped)
        self._seen = tag

    def settled(self, tag: int) -> None:
        """Note a tag about which the broker knows."""
        if tag == self._lowest:
            self._lowest += 1
            self._pass_settled()
        else:
            self._ahead.add(tag)

    def acks(self, tags: Iterable[int]) -> list[tuple[int, bool]]:
        """Turn settled tags into acks: (tag, whether it means all up to it)."""
        first = self._lowest
        last = 0
        singles: list[int] = []
        for tag in tags:
            if tag == self._lowest:
                self._lowest += 1
                last = tag
            else:
                singles.append(tag)
        if singles:
            singles, last = self._absorb(sorted(singles), last)
        self._pass_settled()
        several = last > first
        return [(last, several)] * (last > 0) + [(tag, False) for tag in singles]

    def _absorb(self, tags: list[int], last: int) -> tuple[list[int], int]:
        """Let tags that came out of order join the run, if it reaches them."""
        left: list[int] = []
        for tag in tags:
            self._pass_settled()
            if tag == self._lowest:
                self._lowest += 1
                last = tag
            elif tag > self._lowest:
                left.append(tag)
        self._ahead.update(left)
        return left, last

    def _pass_settled(self) -> None:
        while self._lowest in self._ahead:
            self._ahead.remove(self._lowest)
            self._lowest += 1
