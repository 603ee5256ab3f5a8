"""Turns: hung listeners leave room for the others."""

from __future__ import annotations

from itertools import pairwise

import pytest

from durian.broker.clock import FakeClock
from durian.broker.memory import MemoryBroker
from durian.consumers.turns import QUICK_S, Account, Turn, Turns


class Line:
    """A lane with so many attempts to make, of which `concurrency` may be under way."""

    def __init__(self, house: House, concurrency: int, todo: int = 1000) -> None:
        self.house = house
        self.account = Account()
        self.concurrency = concurrency
        self.todo = todo
        self.running: list[Turn] = []
        #: When attempts began.
        self.began: list[float] = []

    def want(self) -> None:
        if self.todo and len(self.running) < self.concurrency:
            self.house.turns.ask(self.account, self._take)

    def end(self, number: int = 1) -> None:
        for _ in range(number):
            turn = self.running.pop(0)
            self.want()
            self.house.turns.end(turn)

    def end_older(self, than_s: float) -> None:
        """End what takes so long."""
        until = self.house.clock.monotonic() - than_s
        self.end(len([turn for turn in self.running if turn.began_at <= until]))

    def _take(self) -> None:
        if not self.todo:
            return
        self.todo -= 1
        self.running.append(self.house.turns.begin(self.account))
        self.began.append(self.house.clock.now())
        self.want()


class House:
    def __init__(self, turns: int) -> None:
        self.clock = FakeClock()
        self.broker = MemoryBroker(self.clock)
        self.broker.start()
        self.turns = Turns(self.broker, 2 * turns)

    def line(self, concurrency: int = 8, todo: int = 1000) -> Line:
        """A lane that is not known yet, and wants turns."""
        line = Line(self, concurrency, todo)
        line.want()
        return line

    def known(self, concurrency: int = 8) -> Line:
        """A lane that has shown that it is quick, and wants nothing yet."""
        line = self.line(concurrency, todo=1)
        line.end()
        return line


def running(lines: list[Line]) -> int:
    return sum(len(line.running) for line in lines)


def go(lines: list[Line], todo: int = 1000) -> None:
    for line in lines:
        line.todo = todo
        line.want()


def test_a_lane_that_has_shown_nothing_gets_half_of_the_turns_at_first() -> None:
    house = House(10)
    line = house.line(concurrency=100)
    assert len(line.running) == 5
    line.end()
    assert len(line.running) == 10


def test_once_half_is_taken_such_a_lane_is_on_trial() -> None:
    house = House(10)
    first = house.line(concurrency=5)
    line = house.line(concurrency=100)
    assert [len(first.running), len(line.running)] == [5, 1]
    line.end()
    assert [len(first.running), len(line.running)] == [5, 5]


def test_a_lane_whose_trial_hangs_is_slow() -> None:
    house = House(10)
    house.line(concurrency=5)
    line = house.line(concurrency=100)
    house.broker.advance(QUICK_S)
    assert line.account.slow
    assert len(line.running) == 1


def test_lanes_take_turns() -> None:
    house = House(4)
    first, second, third = lines = [house.known(100) for _ in range(3)]
    go(lines)
    assert [len(line.running) for line in lines] == [4, 0, 0]
    for _ in range(4):
        first.end()
    # It asked for a fifth before the others asked for their first.
    assert [len(line.running) for line in lines] == [2, 1, 1]
    second.end()
    third.end()
    assert running(lines) == 4


def test_a_lane_that_wants_nothing_any_more_is_passed_over() -> None:
    house = House(1)
    busy = house.line()
    house.turns.ask(Account(), lambda: None)
    other = house.line()
    busy.todo = 0
    busy.end()
    assert len(other.running) == 1


def test_hung_lanes_hold_half_of_the_turns_at_most() -> None:
    house = House(64)
    quick = house.known(concurrency=100)
    hung = [house.line() for _ in range(20)]
    # Four lanes took half of the turns; the others have their trials.
    assert running(hung) == 4 * 8 + 16
    for _ in range(5):
        house.broker.advance(15)
        for line in hung:
            line.end_older(15)
    assert running(hung) == 32
    house.broker.advance(QUICK_S)
    go([quick])
    quick.end()
    assert len(quick.running) == 64


def test_hung_lanes_go_on_as_theirs_end() -> None:
    house = House(64)
    hung = [house.line() for _ in range(20)]
    for _ in range(100):
        house.broker.advance(15)
        for line in hung:
            line.end_older(15)
    counts = [1000 - line.todo for line in hung]
    assert max(counts) - min(counts) <= 8


def test_lanes_that_hang_all_at_once_delay_the_others_by_a_second_at_most() -> None:
    """64 turns; 20 lanes of concurrency 8, quick until now, all hang for 15 seconds."""
    house = House(64)
    hung = [house.known() for _ in range(20)]
    go(hung)
    assert running(hung) == 64
    start = house.clock.now()
    others = [house.line(todo=200) for _ in range(100)]
    for _ in range(290):
        house.broker.advance(0.05)
        for line in others:
            line.end(len(line.running))
    assert [line.todo for line in others] == [0] * 100
    for line in others:
        assert line.began[0] - start <= QUICK_S + 0.2
        assert max(b - a for a, b in pairwise(line.began)) <= 0.3
    # Each lane that hangs was given one more on trial; some had none at first.
    assert running(hung) <= 64 + 20


def test_there_are_never_more_than_the_sender_carries() -> None:
    house = House(8)
    hung = [house.known(concurrency=1) for _ in range(40)]
    for start in range(0, 40, 8):
        go(hung[start : start + 8])
        house.broker.advance(2 * QUICK_S)
    assert running(hung) == 16
    waiting = house.line()
    assert waiting.running == []
    hung[0].end()
    assert running(hung) + len(waiting.running) == 16


def test_a_lane_that_was_quick_long_ago_is_on_trial() -> None:
    house = House(10)
    line = house.known()
    house.broker.advance(2 * QUICK_S)
    house.line(concurrency=5)
    go([line])
    assert len(line.running) == 1
    line.end()
    assert len(line.running) == 5


def test_a_lane_that_was_slow_is_quick_again_after_as_long() -> None:
    house = House(10)
    line = house.known(concurrency=1)
    go([line])
    house.broker.advance(2)
    line.end()
    seen = []
    for _ in range(4):
        house.broker.advance(0.5)
        line.end()
        seen.append(line.account.slow)
    assert seen == [True, True, True, False]


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_few_turns_do(turns: int) -> None:
    house = House(turns)
    lines = [house.line(concurrency=2, todo=5) for _ in range(3)]
    for _ in range(40):
        for line in lines:
            line.end(len(line.running))
    assert [line.todo for line in lines] == [0, 0, 0]


def test_no_turn_is_handed_out_while_publishing_is_blocked() -> None:
    """What would follow on an attempt could not be kept, and the attempt would be made again."""
    house = House(8)
    under_way = house.line(concurrency=4)
    assert len(under_way.running) == 4
    with house.broker.alarm():
        under_way.end(2)
        new = house.line()
        house.broker.advance(2 * QUICK_S)  # what is late makes room for others otherwise
        assert (len(under_way.running), len(new.running)) == (2, 0)
    assert len(under_way.running) == 4
    assert new.running


def test_lanes_that_answer_now_and_then_to_hang_again_stay_slow() -> None:
    """Each shows itself quick by one attempt, and hangs with the next eight for two minutes."""
    house = House(64)
    hostile = [house.known() for _ in range(20)]
    go(hostile)
    house.broker.advance(1.5)
    go(hostile)
    house.broker.advance(120)
    others = [house.line() for _ in range(20)]
    for _ in range(3):
        for line in hostile:
            line.end_older(60)
        for line in hostile:
            line.end(min(1, len(line.running)))
        for _ in range(1200):
            house.broker.advance(0.1)
            for line in others:
                line.end(len(line.running))
        assert running(hostile) <= 32
    for line in others:
        assert max(b - a for a, b in pairwise(line.began)) <= QUICK_S + 0.2
