"""Processes that freeze and wake up again, and mistakes of our own in the middle of the work."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.chaos.deployment import POLICIES, deployed, wait_until
from tests.chaos.drill import FEW, ROLES, Drill, most_duplicates
from tests.support.cli import PATIENCE_S, Running
from tests.support.history import Verdict
from tests.support.rabbitmq import Node

pytestmark = [pytest.mark.chaos, pytest.mark.rabbitmq]

#: The processes that freeze, and what they hold then.
FROZEN = {"router": "router.confirmed", "delivery": "delivery.answered"}


def is_frozen(process: Running) -> bool:
    """Tell whether a process is stopped by a signal."""
    status = Path(f"/proc/{process.process.pid}/stat").read_text()
    return status.rpartition(")")[2].split()[0] == "T"


def assert_kept(verdict: Verdict, duplicates: int) -> None:
    """The promise was kept."""
    assert not verdict.lost, verdict
    assert not verdict.waiting, verdict
    assert not verdict.unexpected, verdict
    assert not verdict.corrupted, verdict
    assert verdict.duplicates <= duplicates, verdict


def test_others_take_over_from_the_frozen_who_then_do_no_harm(
    rabbitmq: Node, tmp_path: Path
) -> None:
    """The broker gives their work to others when it misses their heartbeats."""
    with deployed(rabbitmq, tmp_path) as deployment:
        frozen = [deployment.crew.start(role, f"{point}:stop@5") for role, point in FROZEN.items()]
        deployment.publish(FEW)
        assert wait_until(lambda: all(map(is_frozen, frozen)))
        for role in ROLES:
            deployment.crew.start(role)
        assert wait_until(deployment.is_settled, 3 * PATIENCE_S), deployment.history.verdict()
        for process in frozen:
            os.kill(process.process.pid, signal.SIGCONT)
        drills = [Drill(point, 5) for point in FROZEN.values()]
        assert_kept(deployment.settle(), most_duplicates(drills))


@pytest.mark.parametrize(("point", "again"), [("delivery.begun", 0), ("delivery.answered", 1)])
def test_a_mistake_of_ours_holds_nothing_for_ever(
    point: str, again: int, rabbitmq: Node, tmp_path: Path
) -> None:
    """The delivery that we stumbled over is tried again, without a restart."""
    patient = POLICIES["all"].model_copy(update={"schedule_s": (0, 0.1)})
    with deployed(rabbitmq, tmp_path, {"all": patient}) as deployment:
        for role in ROLES:
            deployment.crew.start(role, f"{point}:raise@3" if point.startswith(role) else "")
        deployment.publish(FEW)
        assert wait_until(lambda: deployment.moods.calls.total() == FEW + again)
        assert_kept(deployment.settle(), duplicates=again)
        assert not deployment.strays()
