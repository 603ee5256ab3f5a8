"""Where in the archive an event is looked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from durian.consumers.archive import Archive
from durian.consumers.search import Span, search, span_of
from durian.events import Event, amqp
from durian.events.message import Message
from tests.support.archive import NAMES, Scene, ago, embedded

#: What was published without a time.
TIMELESS = Message(body=b"{}", type="person", message_id="timeless")

#: The moment inside the id, in seconds since the epoch.
MADE_AT = 1_700_000_000.0
MILLIS = f"{int(MADE_AT * 1000):012x}"
EVENT_ID = f"{MILLIS[:8]}-{MILLIS[8:]}-7000-8000-000000000000"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = embedded(tmp_path)
    yield scene
    scene.broker.stop()
    scene.store.close()


def happened(seconds_ago: float, event_id: str = "other") -> Message:
    """An event that tells when it happened."""
    moment = datetime.fromtimestamp(ago(seconds_ago), UTC)
    return amqp.encode(Event(id=event_id, source="/s", type="person", time=moment))


def is_found(scene: Scene, *before: Iterable[Message]) -> bool:
    """Tell whether one expected until two hours ago is found behind others."""
    for messages in before:
        scene.publish(messages)
    scene.publish([happened(10_000, "e1")])
    span = Span(since=ago(10_300), until=ago(7200))
    found = search(
        Archive(scene.broker, NAMES),
        lambda event: event.id == "e1",
        span,
        stop=scene.stop,
        progress=lambda _done, _total: None,
    )
    return found is not None


def test_after_two_hundred_that_are_later_it_is_no_longer_expected(scene: Scene) -> None:
    assert not is_found(scene, [happened(60)] * 201)


def test_until_then_it_is_expected(scene: Scene) -> None:
    assert is_found(scene, [happened(60)] * 200)


def test_those_that_tell_no_time_do_not_make_it_expected_again(scene: Scene) -> None:
    assert not is_found(scene, *([[happened(60)] * 50, [TIMELESS]] * 5))


def test_those_that_tell_no_time_are_not_later(scene: Scene) -> None:
    assert is_found(scene, [happened(60)] * 100, [TIMELESS] * 150, [happened(60)] * 100)


def test_one_that_is_earlier_makes_it_expected_again(scene: Scene) -> None:
    assert is_found(scene, [happened(60)] * 150, [happened(9000)], [happened(60)] * 150)


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
