"""What delivery processes and recorders measure beside their counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, get_args

from durian.consumers.delivery import Delivery
from durian.consumers.sender.port import Outcome
from durian.measures import Age, Histogram, Tally

#: Sets of labels that outcomes can have: 4 results, 8 kinds, and of responses 5 classes of status.
_MOST_OUTCOMES = 4 * (8 + 5)

#: Upper bounds in seconds from an event to its delivery: it may wait for hours in a backlog.
_DELIVERY_S = (
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0,
)  # fmt: skip

#: What a lane may be doing: it delivers; its breaker is open, and its next attempt is awaited, or
#: decides; or it rests, because its listener is paused or disabled, or cannot be used.
LaneState = Literal["delivering", "failing", "probing", "resting"]
LANE_STATES: Final[tuple[LaneState, ...]] = get_args(LaneState)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a delivery process has in hand."""

    #: Attempts under way.
    running: int
    #: How many it can make side by side.
    capacity: int
    #: Deliveries that were taken from their queues and wait for their attempt.
    held: int
    #: How many of its lanes are in which state.
    lanes: Mapping[LaneState, int]


@dataclass(slots=True)
class DeliveryMeasures:
    """Written on the broker's loop; any thread may read."""

    #: Attempts by result, kind and class of status (`2xx`, or nothing without a response).
    outcomes: Tally = field(default_factory=lambda: Tally(_MOST_OUTCOMES))
    #: Seconds that attempts took.
    attempts: Histogram = field(default_factory=Histogram)
    #: Seconds from an event's `time` to the 2xx, of deliveries that succeeded at once; without
    #: replays, whose events may be old.
    deliveries: Histogram = field(default_factory=lambda: Histogram(_DELIVERY_S))
    #: How long deliveries have waited in their listeners' queues at their first attempt.
    backlog: Age = field(default_factory=Age)

    def begun(self, delivery: Delivery, now: float) -> None:
        """Note that an attempt begins at `now`, in seconds since the epoch."""
        routed_at = delivery.message.timestamp
        if routed_at is not None and not delivery.attempts:
            self.backlog.note(routed_at, now)

    def ended(self, delivery: Delivery, outcome: Outcome, result: str, now: float) -> None:
        """Note that it ended."""
        status = "" if outcome.status is None else f"{outcome.status // 100}xx"
        self.outcomes.add(result, outcome.kind, status)
        self.attempts.observe(outcome.latency_s)
        if outcome.ok and not delivery.attempts and delivery.message.timestamp is not None:
            happened_at = _moment(delivery.message.headers.get("ce-time"))
            if happened_at is not None:
                self.deliveries.observe(max(0.0, now - happened_at))


@dataclass(slots=True)
class RecorderMeasures:
    """Written on the recorder's thread; any thread may read."""

    #: Seconds that transactions took which wrote records.
    writes: Histogram = field(default_factory=Histogram)
    #: How old records are when they are written.
    backlog: Age = field(default_factory=Age)


def _moment(text: object) -> float | None:
    """Read an RFC 3339 time, in seconds since the epoch; None when it is none."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except (ValueError, OverflowError):
        return None
