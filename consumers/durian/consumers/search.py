"""Searching the archive for one event."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from durian.consumers.archive import Archive
from durian.consumers.replay_run import Total, start_of
from durian.consumers.selection import read
from durian.events import Event
from durian.events.ids import made_at

#: Seconds by which an id's time may be ahead of the broker's clock.
_AHEAD_S = 300.0

#: Seconds after its time in which an event is expected to have arrived; outboxes take their time.
_BEHIND_S = 3600.0

#: Messages in a row that are later than that, after which nobody expects it any more; those that
#: tell no time do not count.
_LATER_MOST = 200

#: Seconds before now at which the search begins for an id that does not tell its time.
_A_DAY_S = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where in the archive an event is looked for. Moments are in seconds since the epoch."""

    since: float
    #: When it is no longer expected; None: it is looked for to the end.
    until: float | None = None


def span_of(event_id: str, *, now: float, known_at: float | None = None) -> Span:
    """Where to look for an event, by the time inside its id, or by when it is known to have been.

    `now` and `known_at` are in seconds since the epoch.
    """
    at = made_at(event_id)
    at = known_at if at is None else at
    if at is None:
        return Span(since=now - _A_DAY_S)
    # A clock that is ahead of ours is no reason to wait for what is yet to come.
    return Span(since=max(0.0, min(at, now) - _AHEAD_S), until=at + _BEHIND_S)


def search(
    archive: Archive,
    is_it: Callable[[Event], bool],
    span: Span,
    *,
    stop: threading.Event,
    progress: Callable[[int, int], None],
) -> Event | None:
    """Find the first event that is the one; None when it is not there. Raises BrokerError."""
    begun = time.time()
    end = archive.mark()
    total = Total(progress, end)
    later = 0
    with archive.read(start_of(span.since)) as reading:
        for entry in reading.upto(end):
            if stop.is_set():
                return None
            if entry is None:
                continue
            events = read(entry)
            for event in events:
                if is_it(event):
                    return event
            total.reached(entry.offset)
            total.tell(archive.clock.monotonic())
            moments = _moments(events, begun)
            if moments and span.until is not None:
                later = later + 1 if min(moments) > span.until else 0
            if later > _LATER_MOST:
                return None
    return None


def _moments(events: Sequence[Event], begun: float) -> list[float]:
    """When events that were read since `begun` happened, as far as they say: epoch seconds."""
    now = time.time()
    # One that was published without a time has been given that of its reading.
    return [at for event in events if not begun <= (at := event.time.timestamp()) <= now]
