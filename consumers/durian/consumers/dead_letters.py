"""Dead letters: looking at them, sending them again, and throwing them away."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass

from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.consumers.decision import BLOCKED
from durian.consumers.delivery import ERROR_HEADER, Delivery
from durian.consumers.sender.port import NO_CONNECTION, UNTOLD
from durian.consumers.side_queue import (
    Drop,
    Fate,
    Progress,
    Report,
    Send,
    SideQueue,
    Stay,
    say_nothing,
)
from durian.events.message import DEAD_AT_HEADER, REASON_HEADER, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A delivery that was given up."""

    webhook_id: str
    listener_id: str
    event_id: str
    event_type: str
    attempts: int
    #: Why it was given up.
    reason: str
    #: What the last attempt failed with.
    error: str
    #: When it was given up, in milliseconds since the epoch; None when the broker did it itself.
    dead_at_ms: int | None
    body: bytes

    @property
    def public_reason(self) -> str:
        """Why it was given up, as the listener's owner may read it: see `Outcome.public_error`."""
        return NO_CONNECTION if self.reason == BLOCKED else self.reason

    @property
    def public_error(self) -> str:
        """What the last attempt failed with, as the listener's owner may read it."""
        kind, colon, _ = self.error.partition(":")
        return NO_CONNECTION if colon and kind in UNTOLD else self.error

    @classmethod
    def of(cls, listener_id: str, message: Message) -> DeadLetter:
        """Read it from its message."""
        delivery = Delivery.of(listener_id, message)
        dead_at = _dead_at(message)
        return cls(
            webhook_id=delivery.webhook_id,
            listener_id=listener_id,
            event_id=delivery.event_id,
            event_type=str(message.headers.get("ce-type", "")),
            attempts=delivery.attempts,
            reason=str(message.headers.get(REASON_HEADER, "dead-lettered by the broker")),
            error=str(message.headers.get(ERROR_HEADER, "")),
            dead_at_ms=dead_at or None,
            body=message.body,
        )


def _dead_at(message: Message) -> int:
    """When a delivery was given up, in milliseconds since the epoch; 0 when nobody wrote it."""
    text = str(message.headers.get(DEAD_AT_HEADER, ""))
    return int(text) if text.isdigit() else 0


class DeadLetters:
    """The dead-letter queues. Blocking; safe to call from any thread but the broker's own."""

    def __init__(self, broker: Broker, topology: Topology) -> None:
        self._broker = broker
        self._topology = topology

    def count(self, listener_id: str) -> int:
        """How many dead letters a listener has."""
        return self._queue(listener_id).count()

    def browse(self, listener_id: str, limit: int = 100) -> list[DeadLetter]:
        """Look at the oldest dead letters, at most BROWSE_MOST; they stay where they are."""
        found = self._queue(listener_id).browse(limit)
        return [DeadLetter.of(listener_id, message) for message in found]

    def replay(
        self,
        listener_id: str,
        *,
        webhook_ids: Collection[str] | None = None,
        since_ms: int | None = None,
        rate_per_s: float | None = None,
        stop: threading.Event | None = None,
        progress: Progress = say_nothing,
    ) -> Report:
        """Send dead letters again, from their first attempt on.

        All that are there now, or only those named, or given up since a moment (milliseconds since
        the epoch); the others go round to the queue's end. The
        listener's queue has to exist. A crash loses none and sends at most WINDOW twice, under the
        same webhook-id. Two replays at a time share the dead letters between them: none is sent by
        both.
        """
        report = Report(webhook_ids)

        def fate_of(message: Message) -> Fate:
            letter = Delivery.of(listener_id, message)
            is_new = since_ms is None or _dead_at(message) >= since_ms
            if is_new and report.is_asked(letter.webhook_id):
                return Send(letter.anew(), self._topology.deliver)
            return Stay(letter.message)

        report.count = self._queue(listener_id).go_through(
            fate_of, rate_per_s=rate_per_s, stop=stop, progress=progress
        )
        return report

    def purge(
        self,
        listener_id: str,
        *,
        webhook_ids: Collection[str] | None = None,
        stop: threading.Event | None = None,
        progress: Progress = say_nothing,
    ) -> Report:
        """Throw dead letters away: all of them with their queue, or only those named."""
        report = Report(webhook_ids)
        queue = self._queue(listener_id)

        def fate_of(message: Message) -> Fate:
            letter = Delivery.of(listener_id, message)
            return Drop() if report.is_asked(letter.webhook_id) else Stay(letter.message)

        if webhook_ids is None:
            report.count = queue.delete()
        else:
            report.count = queue.go_through(fate_of, stop=stop, progress=progress)
        return report

    def _queue(self, listener_id: str) -> SideQueue:
        return SideQueue(self._broker, self._topology.dead_queue(listener_id), self._topology.dead)
