"""Where in the archive an event is looked for."""

from __future__ import annotations

import pytest

from durian.consumers.search import Span, span_of

#: The moment inside the id, in seconds since the epoch.
MADE_AT = 1_700_000_000.0
MILLIS = f"{int(MADE_AT * 1000):012x}"
EVENT_ID = f"{MILLIS[:8]}-{MILLIS[8:]}-7000-8000-000000000000"


def test_it_is_looked_for_around_the_time_inside_its_id() -> None:
    now = MADE_AT + 86_400
    span = span_of(EVENT_ID, now=now, known_at=now)
    assert span == Span(since=MADE_AT - 300, until=MADE_AT + 3600)


@pytest.mark.parametrize(("event_id", "known_at"), [(EVENT_ID, None), ("e1", MADE_AT)])
def test_the_search_never_begins_later_than_now(event_id: str, known_at: float | None) -> None:
    """RabbitMQ would wait for what is published then, when an emitter's clock is ahead."""
    now = MADE_AT - 7200
    span = span_of(event_id, now=now, known_at=known_at)
    assert span == Span(since=now - 300, until=MADE_AT + 3600)


def test_an_id_without_a_time_is_looked_for_a_day_back() -> None:
    assert span_of("e1", now=MADE_AT) == Span(since=MADE_AT - 86_400)
