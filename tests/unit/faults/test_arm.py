"""Failpoints do nothing unless a process was told otherwise, and then exactly that."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from durian.errors import InvalidSettings
from durian.faults import POINTS, VARIABLE, InjectedFault, Plan
from durian.faults.arm import armed

#: Passes one failpoint four times, and says so.
PROGRAM = """
from durian.faults import failpoint
for number in range(1, 5):
    print(number, flush=True)
    failpoint("router.confirmed")
"""

#: Prints what a failpoint costs, in calls of an empty function.
STOPWATCH = """
import timeit
from durian.faults import failpoint

def empty(name):
    pass

def cost(function):
    timer = timeit.Timer('function("router.confirmed")', globals={"function": function})
    return min(timer.repeat(20, 100_000))

print(cost(failpoint) / cost(empty))
"""

#: Calls of an empty function that a failpoint may cost at most: an event passes six failpoints.
MOST_CALLS = 2


def run(plan: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, VARIABLE: plan},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_plan_is_read_as_it_is_written() -> None:
    plan = Plan.parse("router.confirmed:kill@3")
    assert plan == Plan(point="router.confirmed", action="kill", passes=3)
    assert str(plan) == "router.confirmed:kill@3"
    assert Plan.parse("delivery.sent:stop").passes == 1


@pytest.mark.parametrize(
    "text", ["router.confirmed", "router.confirmed:die", "router.confirmed:kill@0", "x:kill@", ":"]
)
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(InvalidSettings, match="is no fault"):
        Plan.parse(text)


def test_an_unknown_mark_is_refused_and_the_known_ones_are_told() -> None:
    with pytest.raises(InvalidSettings, match=r"there is no 'router\.nowhere'") as caught:
        Plan.parse("router.nowhere:kill@1")
    assert all(point in caught.value.advice for point in POINTS)


def test_the_fault_comes_at_its_pass_and_only_there() -> None:
    passing = armed(Plan(point="router.confirmed", action="raise", passes=2))
    passing("router.confirmed")
    passing("router.published")
    with pytest.raises(InjectedFault):
        passing("router.confirmed")
    passing("router.confirmed")


def test_kill_ends_the_process_at_once() -> None:
    done = run("router.confirmed:kill@3")
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == ["1", "2", "3"]
    assert done.stderr == "failpoint router.confirmed:kill@3\n"


def test_raise_is_a_mistake_of_our_own() -> None:
    done = run("router.confirmed:raise")
    assert done.returncode == 1
    assert "InjectedFault" in done.stderr


def test_a_process_with_a_plan_for_another_mark_goes_on() -> None:
    assert run("router.published:kill").stdout.split() == ["1", "2", "3", "4"]


def test_stop_freezes_the_process_until_it_is_told_to_go_on() -> None:
    environment = {**os.environ, VARIABLE: "router.confirmed:stop@2"}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE
    ) as process:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        process.send_signal(signal.SIGCONT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert output.split() == [b"1", b"2", b"3", b"4"]


def test_a_process_refuses_to_start_with_an_unknown_mark() -> None:
    done = run("router.nowhere:kill")
    assert done.returncode == 1
    assert f"{VARIABLE}: there is no 'router.nowhere'" in done.stderr
    assert not done.stdout


def test_a_failpoint_that_is_not_armed_costs_next_to_nothing() -> None:
    """In a process of its own: a measurement of coverage slows every call down."""
    assert VARIABLE not in os.environ
    done = subprocess.run(
        [sys.executable, "-c", STOPWATCH], capture_output=True, text=True, timeout=60, check=True
    )
    assert float(done.stdout) < MOST_CALLS
