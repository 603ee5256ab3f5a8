"""The supervisor keeps its children at work, whatever becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from durian.console.metrics.gathered import Metric
from durian.console.operations import failure
from durian.console.supervisor.supervisor import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    MOST_STILLBORN,
    STABLE_S,
    KeepsEnding,
    Supervisor,
)
from durian.console.supervisor.words import Alive, Failed, Measured, Word
from durian.errors import BrokerUnavailable, DurianError, InvalidSettings

KILLED = -9


@dataclass
class FakeChild:
    """A child of whom the test tells what it says, and when it ends."""

    pid: int
    exit_code: int | None = None
    says: list[Word] = field(default_factory=list)
    stubborn: bool = False

    def heard(self) -> Sequence[Word]:
        said, self.says = self.says, []
        return said

    def fail(self, error: DurianError) -> None:
        self.says.append(Failed(failure.to_json(error)))
        self.exit_code = 1

    def stop(self) -> None:
        if not self.stubborn:
            self.exit_code = 0

    def kill(self) -> None:
        self.exit_code = KILLED


class House:
    """A supervisor whose children, clock and watchers are the test's."""

    def __init__(self, count: int) -> None:
        self.now = 0.0
        self.no_room = False
        self.started: list[FakeChild] = []
        self.place: dict[int, FakeChild] = {}
        self.all_alive_calls = 0
        self.told: dict[int, Sequence[Metric]] = {}
        self.ends: list[int] = []
        self.supervisor = Supervisor(
            count, self.start, self, clock=lambda: self.now, wait=self.pass_time
        )

    def start(self, number: int) -> FakeChild:
        if self.no_room:
            raise BlockingIOError("Resource temporarily unavailable")
        child = self.place[number] = FakeChild(pid=100 + len(self.started))
        self.started.append(child)
        return child

    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    def all_alive(self) -> None:
        self.all_alive_calls += 1

    def measured(self, number: int, families: Sequence[Metric]) -> None:
        self.told[number] = families

    def ended(self, number: int) -> None:
        self.ends.append(number)

    def all_ready(self) -> None:
        self.supervisor.turn()
        for child in self.place.values():
            child.says.append(Alive())
        self.supervisor.turn()

    def pause_after_end(self, number: int) -> float:
        """How long the place of a child that has ended stays empty."""
        before, ended_at = self.place[number], self.now
        self.supervisor.turn()
        while self.place[number] is before:
            self.pass_time(0.5)
            self.supervisor.turn()
        return self.now - ended_at


def test_all_are_started_at_once_and_each_knows_its_number() -> None:
    house = House(3)
    house.supervisor.turn()
    assert sorted(house.place) == [0, 1, 2]
    house.supervisor.turn()
    assert len(house.started) == 3


def test_all_are_alive_only_when_each_has_given_a_sign_since_the_last_time() -> None:
    house = House(2)
    house.supervisor.turn()
    house.place[0].says = [Alive(), Alive()]
    house.supervisor.turn()
    assert house.all_alive_calls == 0
    house.place[1].says = [Alive()]
    house.supervisor.turn()
    assert house.all_alive_calls == 1
    house.place[1].says = [Alive()]
    house.supervisor.turn()
    assert house.all_alive_calls == 1


def test_a_child_that_has_ended_is_not_alive_until_its_successor_says_so() -> None:
    house = House(2)
    house.all_ready()
    house.place[0].says = [Alive()]
    house.supervisor.turn()
    house.place[0].exit_code = KILLED
    house.pause_after_end(0)
    house.place[1].says = [Alive()]
    house.supervisor.turn()
    assert house.all_alive_calls == 1
    house.place[0].says = [Alive()]
    house.supervisor.turn()
    assert house.all_alive_calls == 2


@pytest.mark.parametrize("code", [KILLED, 1, 0])
def test_a_child_that_ends_by_itself_is_replaced_after_a_pause(code: int) -> None:
    house = House(2)
    house.all_ready()
    house.place[1].exit_code = code
    with capture_logs() as logs:
        assert house.pause_after_end(1) == FIRST_PAUSE_S
    assert (logs[0]["event"], logs[0]["process"], logs[0]["code"]) == ("process.ended", 1, code)
    assert house.ends == [1]
    assert len(house.started) == 3


def test_the_pause_grows_while_it_ends_again_and_again_and_is_short_again_after_long_work() -> None:
    house = House(1)
    house.all_ready()
    pauses = []
    for _ in range(7):
        house.place[0].exit_code = KILLED
        pauses.append(house.pause_after_end(0))
        house.all_ready()
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    house.pass_time(STABLE_S)
    house.place[0].exit_code = KILLED
    assert house.pause_after_end(0) == FIRST_PAUSE_S


def test_an_error_at_the_start_is_raised_once_as_what_it_is() -> None:
    house = House(2)
    house.supervisor.turn()
    for child in house.started:
        child.fail(InvalidSettings("--broker", "is wrong"))
    with pytest.raises(DurianError, match="--broker: is wrong"):
        house.supervisor.turn()


def test_who_ends_without_a_word_before_it_was_ready_is_given_up_at_last() -> None:
    house = House(1)
    house.supervisor.turn()
    for _ in range(MOST_STILLBORN - 1):
        house.place[0].exit_code = KILLED
        house.pause_after_end(0)
    house.place[0].exit_code = KILLED
    with pytest.raises(KeepsEnding, match=r"Process 0 ended 5 times .* by signal 9"):
        house.supervisor.turn()


def test_an_error_that_stays_ends_all_although_the_others_work() -> None:
    house = House(2)
    house.all_ready()
    house.place[0].exit_code = KILLED
    house.pause_after_end(0)
    for _ in range(MOST_STILLBORN - 1):
        house.place[0].fail(DurianError("No memory."))
        house.pause_after_end(0)
    house.place[0].fail(DurianError("No memory."))
    with pytest.raises(DurianError, match=r"No memory\."):
        house.supervisor.turn()


def test_a_broker_that_is_away_is_waited_for_as_long_as_it_takes() -> None:
    house = House(2)
    house.all_ready()
    for _ in range(3 * MOST_STILLBORN):
        house.place[0].fail(BrokerUnavailable())
        house.pause_after_end(0)
    house.place[0].says = [Alive()]
    with capture_logs() as logs:
        house.supervisor.turn()
    assert logs[0]["event"] == "process.ready"


def test_a_system_without_room_for_another_process_is_asked_again_later() -> None:
    house = House(1)
    house.no_room = True
    with capture_logs() as logs:
        house.supervisor.turn()
    assert logs[0]["event"] == "process.not_started"
    house.no_room = False
    house.pass_time(LONGEST_PAUSE_S - 1)
    house.supervisor.turn()
    assert house.started == []
    house.pass_time(1)
    house.supervisor.turn()
    assert len(house.started) == 1


def test_what_a_child_measures_is_passed_on_with_its_number() -> None:
    house = House(2)
    house.supervisor.turn()
    family = Metric("durian_x", "x", "gauge")
    house.place[1].says = [Measured([family])]
    house.supervisor.turn()
    assert house.told == {1: [family]}


def test_stop_asks_all_to_end_and_waits_for_them() -> None:
    house = House(3)
    house.all_ready()
    house.supervisor.stop(10)
    assert [child.exit_code for child in house.started] == [0, 0, 0]
    assert house.now == 0


def test_who_does_not_end_in_time_is_killed() -> None:
    house = House(2)
    house.all_ready()
    house.place[1].stubborn = True
    with capture_logs() as logs:
        house.supervisor.stop(10)
    assert [child.exit_code for child in house.started] == [0, KILLED]
    assert house.now == pytest.approx(10, abs=0.1)
    assert [fact["pid"] for fact in logs] == [101]


def test_kill_ends_at_once_whoever_is_left() -> None:
    house = House(2)
    house.all_ready()
    house.place[0].exit_code = 0
    house.supervisor.kill()
    assert [child.exit_code for child in house.started] == [0, KILLED]
