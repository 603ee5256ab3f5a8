"""The crash-point matrix: whoever dies wherever and whenever, every delivery has its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import drill
from tests.chaos.deployment import POLICIES, deployed
from tests.chaos.drill import Drill
from tests.support.cli import PATIENCE_S
from tests.support.rabbitmq import Node
from tests.support.senders import KINDS, SenderKind

pytestmark = [pytest.mark.chaos, pytest.mark.rabbitmq]


@pytest.mark.parametrize("case", drill.all_drills(), ids=str)
def test_a_crash_loses_nothing(case: Drill, rabbitmq: Node, tmp_path: Path) -> None:
    with deployed(rabbitmq, tmp_path) as deployment:
        drill.judge([case], deployment)


@pytest.mark.parametrize(
    "case", [case for case in drill.all_drills() if case.role == "delivery"], ids=str
)
def test_a_crash_of_deliveries_by_libcurl_loses_nothing(
    case: Drill, rabbitmq: Node, tmp_path: Path
) -> None:
    with deployed(rabbitmq, tmp_path, sender="curl") as deployment:
        drill.judge([case], deployment)


@pytest.mark.parametrize("sender", KINDS)
def test_processes_that_are_asked_to_stop_double_nothing(
    sender: SenderKind, rabbitmq: Node, tmp_path: Path
) -> None:
    """No crash, no duplicate: a restart of everything in full stream, three times."""
    with deployed(rabbitmq, tmp_path, sender=sender) as deployment:
        for role in drill.ROLES:
            deployment.crew.start(role)
        deployment.publish(drill.MANY)
        for share in (0.1, 0.3, 0.5):
            received = round(share * drill.MANY * len(POLICIES))
            assert deployment.history.wait_count(received, PATIENCE_S)
            deployment.crew.end(*drill.ROLES)
            for role in drill.ROLES:
                deployment.crew.start(role)
        verdict = deployment.settle()
    assert verdict.delivered + verdict.dead == verdict.expected, verdict
    assert not verdict.duplicates, verdict
    assert not verdict.unexpected, verdict
    assert not verdict.corrupted, verdict
