"""A drill: a process dies at a failpoint while events are on their way, and is started again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from durian.consumers.lane import READY_AHEAD
from durian.faults import POINTS
from tests.chaos.crew import died
from tests.chaos.deployment import BATCHED, CONCURRENCY, POLICIES, PREFETCH, Deployment
from tests.support.cli import PATIENCE_S, Running
from tests.support.history import Verdict

#: Who is on duty, in the order in which an event meets them.
ROLES = ("router", "delivery", "recorder")

#: Passes of a failpoint at which a process dies: the first, one with others before it, one in the
#: full stream.
PASSES = (1, 2, 100)

#: Events that are published when the hundredth pass counts, and when not.
MANY, FEW = 200, 40

#: Seconds between two of those changes.
_STEP_S = 0.02

#: Failpoints that are passed when listeners change, so that somebody has to change them.
REFRESHING = frozenset({"router.declared", "router.refreshed"})

#: Failpoints that a process passes less often than a hundred times, and how often it does.
SELDOM = {
    "delivery.draining": (1,),
    # A batch holds what came within a fifth of a second.
    "recorder.taken": (1, 2, 5),
    "recorder.written": (1, 2, 5),
}


@dataclass(frozen=True, slots=True)
class Drill:
    """Where a process dies, and at which pass."""

    point: str
    passes: int

    def __str__(self) -> str:
        return f"{self.point}:kill@{self.passes}"

    @property
    def role(self) -> str:
        """Who passes the failpoint."""
        return self.point.partition(".")[0]

    @property
    def events(self) -> int:
        """How many events are needed to come to that pass."""
        return MANY if self.passes == max(PASSES) or self.role == "recorder" else FEW


def all_drills() -> list[Drill]:
    """Every failpoint of the three processes, at every pass; replays are another matter."""
    return [
        Drill(point, passes)
        for point in POINTS
        if point.partition(".")[0] in ROLES
        for passes in SELDOM.get(point, PASSES)
    ]


def run(drills: Sequence[Drill], deployment: Deployment) -> Verdict:
    """Let processes die at their failpoints, start each again, and see what became of it all.

    One drill for each role at most.
    """
    crew = deployment.crew
    plans = {drill.role: str(drill) for drill in drills}
    processes = {role: crew.start(role, plans.get(role, "")) for role in ROLES}
    deployment.publish(max(drill.events for drill in drills))
    for drill in drills:
        victim = processes[drill.role]
        _bring_about(drill, victim, deployment)
        died(victim, str(drill))
        crew.start(drill.role)
    return deployment.settle()


def most_duplicates(drills: Sequence[Drill]) -> int:
    """How many deliveries may come twice: what the processes can hold unsettled when they die."""
    delivering = sum(one.concurrency * one.batch_events + READY_AHEAD for one in POLICIES.values())
    routing = PREFETCH * BATCHED * len(POLICIES)
    held = {"router": routing, "delivery": delivering, "recorder": 0}
    return sum(held[drill.role] for drill in drills)


def judge(drills: Sequence[Drill], deployment: Deployment) -> None:
    """Run drills, and fail the test unless the promise was kept."""
    verdict = run(drills, deployment)
    events = max(drill.events for drill in drills)
    assert not verdict.lost, verdict
    assert not verdict.unexpected, verdict
    assert not verdict.corrupted, verdict
    assert not verdict.waiting, verdict
    assert not deployment.strays()
    assert verdict.expected == events * len(POLICIES)
    assert verdict.dead == events
    assert verdict.duplicates <= most_duplicates(drills), verdict
    order = deployment.history.first_seen("/ordered")
    assert order == [f"e{number}" for number in range(events)]
    recorded, tried = deployment.recorded(), deployment.moods.calls
    assert not tried.keys() - recorded.keys()
    if {drill.role for drill in drills} == {"recorder"}:
        assert recorded == tried


def _bring_about(drill: Drill, victim: Running, deployment: Deployment) -> None:
    """Do what it takes beyond events, for a process to come to its failpoint."""
    if drill.point in REFRESHING:
        _until_dead(victim, lambda: _touch(deployment))
    elif drill.point == "delivery.draining":
        assert deployment.history.wait_count(CONCURRENCY, PATIENCE_S)
        victim.process.terminate()


def _touch(deployment: Deployment) -> None:
    """Change a listener in a way that matters to nobody."""
    listener = deployment.store.get_listener("all")
    deployment.provision.update(listener.replace(description=str(time.monotonic())))


def _until_dead(victim: Running, step: Callable[[], None]) -> None:
    deadline = time.monotonic() + 2 * PATIENCE_S
    pause = threading.Event()
    while victim.process.poll() is None and time.monotonic() < deadline:
        step()
        pause.wait(_STEP_S)
