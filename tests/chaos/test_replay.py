"""Dead letters that are sent again while something dies, and while somebody is impatient."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from durian.consumers.side_queue import WINDOW
from durian.faults import POINTS
from tests.chaos.crew import died
from tests.chaos.deployment import POLICIES, Deployment, deployed, wait_until
from tests.chaos.drill import FEW, MANY, PASSES, ROLES
from tests.support.cli import PATIENCE_S, Running
from tests.support.history import Verdict
from tests.support.rabbitmq import Node

pytestmark = [pytest.mark.chaos, pytest.mark.rabbitmq]

DOOMED = {"doomed": POLICIES["doomed"]}


@contextmanager
def buried(node: Node, home: Path, events: int = FEW) -> Iterator[Deployment]:
    """A deployment all of whose deliveries are dead letters, with a receiver that is well again."""
    with deployed(node, home, DOOMED) as deployment:
        for role in ROLES:
            deployment.crew.start(role)
        deployment.publish(events)
        queue = deployment.topology.dead_queue("doomed")
        assert wait_until(
            lambda: (
                queue in deployment.queues.names()
                and deployment.queues.ready([queue])[queue] == events
            )
        )
        deployment.moods.mend()
        yield deployment


def ended(replay: Running) -> None:
    """Wait for a replay that comes to its end."""
    assert replay.process.wait(PATIENCE_S) == 0, replay.lines


def assert_delivered(verdict: Verdict, *, duplicates: int) -> None:
    """Every dead letter was delivered after all."""
    assert verdict.delivered == verdict.expected, verdict
    assert not verdict.unexpected, verdict
    assert not verdict.corrupted, verdict
    assert verdict.duplicates <= duplicates, verdict


@pytest.mark.parametrize("passes", PASSES)
@pytest.mark.parametrize("point", [point for point in POINTS if point.startswith("replay.")])
def test_a_replay_that_dies_loses_nothing(
    point: str, passes: int, rabbitmq: Node, tmp_path: Path
) -> None:
    events = MANY if passes == max(PASSES) else FEW
    with buried(rabbitmq, tmp_path, events) as deployment:
        plan = f"{point}:kill@{passes}"
        died(deployment.crew.start("replay", plan), plan)
        ended(deployment.crew.start("replay"))
        assert_delivered(deployment.settle(), duplicates=WINDOW)


def test_two_replays_at_once_send_nothing_twice(rabbitmq: Node, tmp_path: Path) -> None:
    with buried(rabbitmq, tmp_path, MANY) as deployment:
        for replay in [deployment.crew.start("replay") for _ in range(2)]:
            ended(replay)
        assert_delivered(deployment.settle(), duplicates=0)


def test_one_of_two_replays_dies(rabbitmq: Node, tmp_path: Path) -> None:
    with buried(rabbitmq, tmp_path, MANY) as deployment:
        plan = "replay.confirmed:kill@10"
        slow = deployment.crew.start("slow replay")
        died(deployment.crew.start("replay", plan), plan)
        ended(slow)
        ended(deployment.crew.start("replay"))
        assert_delivered(deployment.settle(), duplicates=WINDOW)


def test_a_replay_waits_for_the_delivery_process_that_is_dead(
    rabbitmq: Node, tmp_path: Path
) -> None:
    with buried(rabbitmq, tmp_path) as deployment:
        deployment.crew.end("delivery")
        ended(deployment.crew.start("replay"))
        queue = deployment.topology.listener_queue("doomed")
        assert wait_until(lambda: deployment.queues.ready([queue])[queue] == FEW)
        deployment.crew.start("delivery")
        assert_delivered(deployment.settle(), duplicates=0)
