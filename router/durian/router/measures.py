"""What a router measures beside its counts."""

from __future__ import annotations

from dataclasses import dataclass, field

from durian.measures import Age, Histogram, Tally

#: Event types that are told apart: producers may make them up.
MOST_TYPES = 50


@dataclass(slots=True)
class RouterMeasures:
    """Written on the broker's loop; any thread may read."""

    #: Events by their type.
    types: Tally = field(default_factory=lambda: Tally(MOST_TYPES))
    #: Seconds from an event's arrival to the broker's confirm of all its messages.
    routing: Histogram = field(default_factory=Histogram)
    #: How old events are when they are taken: what the queue of the router is behind.
    backlog: Age = field(default_factory=Age)
    #: Events that were taken and not acked yet.
    open: int = 0
