"""A pace: attempts begin at slots, which are asked for as they are needed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from durian.broker.clock import FakeClock
from durian.consumers.rate import STALE_S, Pace


class Desk:
    """Where slots are reserved: notes what is asked, and answers when it is told to."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.asked: list[tuple[int, float]] = []
        self.readies = 0
        self._answers: list[Callable[[float | None], None]] = []
        self.pace = Pace(self.clock, self._reserve, self._ready)

    def _reserve(
        self, count: int, interval_s: float, reserved: Callable[[float | None], None]
    ) -> None:
        self.asked.append((count, interval_s))
        self._answers.append(reserved)

    def _ready(self) -> None:
        self.readies += 1

    def answer(self, first_s: float | None) -> None:
        self._answers.pop(0)(first_s)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_without_a_rate_everything_may_begin(desk: Desk) -> None:
    assert desk.pace.wait_s(None, 5) == 0.0
    assert desk.asked == []


def test_slots_are_asked_for_once_as_many_as_are_wanted(desk: Desk) -> None:
    assert desk.pace.wait_s(4.0, 3) is None
    assert desk.pace.wait_s(4.0, 5) is None
    assert desk.asked == [(3, 0.25)]


def test_attempts_begin_at_their_slots(desk: Desk) -> None:
    desk.pace.wait_s(4.0, 3)
    desk.answer(0.5)
    assert desk.readies == 1
    waits = []
    for _ in range(3):
        wait_s = desk.pace.wait_s(4.0, 1)
        assert wait_s is not None
        waits.append(wait_s)
        desk.clock.advance(wait_s)
        desk.pace.take()
    assert waits == [0.5, 0.25, 0.25]
    assert desk.pace.wait_s(4.0, 2) is None
    assert desk.asked == [(3, 0.25), (2, 0.25)]


def test_a_slot_that_was_just_missed_is_used(desk: Desk) -> None:
    desk.pace.wait_s(4.0, 1)
    desk.answer(0.0)
    desk.clock.advance(STALE_S)
    assert desk.pace.wait_s(4.0, 1) == 0.0


def test_a_slot_that_was_missed_for_long_is_given_up(desk: Desk) -> None:
    desk.pace.wait_s(1.0, 3)
    desk.answer(0.0)
    desk.clock.advance(1.5)
    # The first is stale, the second is due, the third is half a second away.
    assert desk.pace.wait_s(1.0, 1) == 0.0
    desk.pace.take()
    assert desk.pace.wait_s(1.0, 1) == 0.5
    desk.clock.advance(10)
    assert desk.pace.wait_s(1.0, 1) is None


def test_without_a_registry_the_rate_is_kept_by_ourselves(desk: Desk) -> None:
    for start_s in (0.0, 0.75):
        desk.pace.wait_s(4.0, 3)
        desk.answer(None)
        assert desk.pace.wait_s(4.0, 1) == start_s
        for _ in range(3):
            desk.pace.take()


def test_a_registry_that_goes_away_leaves_what_it_gave(desk: Desk) -> None:
    desk.pace.wait_s(1.0, 1)
    desk.answer(5.0)
    desk.pace.take()
    desk.pace.wait_s(1.0, 1)
    desk.answer(None)
    assert desk.pace.wait_s(1.0, 1) == 6.0


def test_after_a_rest_it_begins_at_once(desk: Desk) -> None:
    desk.pace.wait_s(4.0, 3)
    desk.answer(None)
    desk.clock.advance(100)
    assert desk.pace.wait_s(4.0, 1) is None
    desk.answer(None)
    assert desk.pace.wait_s(4.0, 1) == 0.0


def test_an_answer_to_a_pace_that_was_reset_counts_for_nothing(desk: Desk) -> None:
    desk.pace.wait_s(4.0, 3)
    desk.pace.reset()
    desk.answer(0.0)
    assert desk.readies == 0
    assert desk.pace.wait_s(8.0, 1) is None
    assert desk.asked == [(3, 0.25), (1, 0.125)]
