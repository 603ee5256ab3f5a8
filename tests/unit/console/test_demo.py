"""The demonstration says in the filter's words why a listener did not match."""

from __future__ import annotations

import pytest

from durian.console.demo.scene import EVENTS, FLAKY, PARTS, FailsOnce, Part
from durian.console.demo.show import reason
from durian.events import Event
from durian.match import Filter, Gte, Startswith


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        (Filter(name="Joe"), ['name is "Joe"', 'found "Bo"']),
        (Filter(name=Startswith("J")), ['name startswith "J"', 'found "Bo"']),
        (Filter(age=Gte(18)), ["age gte 18", "found nothing"]),
        (Filter(name="Joe", age=Gte(18)), ['name is "Joe"', "; age gte 18"]),
    ],
)
def test_every_condition_that_failed_is_told(conditions: Filter, words: list[str]) -> None:
    part = Part("x", "person", conditions, "")
    said = reason(part, Event(type="person", data={"name": "Bo"}))
    assert all(word in said for word in words), said


def test_another_type_of_event_is_told() -> None:
    part = Part("x", "order.*", Filter(), "")
    assert reason(part, Event(type="person", data={})) == "wants events of type order.*"


def test_the_flaky_listener_fails_once() -> None:
    answers = FailsOnce()
    assert answers.next_status("/other") == 200
    assert [answers.next_status(f"/{FLAKY}") for _ in range(3)] == [503, 200, 200]


def test_the_scene_has_matches_and_misses() -> None:
    """Each listener wants some of the events and not others: there is something to explain."""
    events = [Event(type=event_type, data=dict(data)) for event_type, data in EVENTS]
    for part in PARTS:
        wanted = [event for event in events if part.filter.matches(event)]
        assert wanted, part.id
        assert Filter.parse(part.listener("http://127.0.0.1:1").filter) == part.filter
