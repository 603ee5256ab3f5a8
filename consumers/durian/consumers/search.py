"""Searching the archive for one event."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
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

#: Messages in a row that are later than that, after which nobody expects it any more.
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
            if events and span.until is not None:
                is_later = all(_is_later(event, span.until, begun) for event in events)
                later = later + 1 if is_later else 0
            if later > _LATER_MOST:
                return None
    return None


def _is_later(event: Event, until: float, begun: float) -> bool:
    """Tell whether an event that was read since `begun` is later than it was to be."""
    at = event.time.timestamp()
    # One that was published without a time has been given that of its reading.
    return at > until and not begun <= at <= time.time()
