"""Router, delivery and recorder die at the worst moments of their work, and nothing is lost.

A part of the matrix of tests/chaos, which `make chaos` runs as a whole.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import drill
from tests.chaos.deployment import deployed
from tests.chaos.drill import Drill
from tests.support.rabbitmq import Node
from tests.support.senders import SenderKind

pytestmark = [pytest.mark.crash, pytest.mark.rabbitmq]


@pytest.mark.parametrize(
    ("sender", "points"),
    [
        ("requests", ("router.chunk_published", "delivery.published", "recorder.taken")),
        ("requests", ("router.confirmed", "delivery.answered", "recorder.written")),
        ("requests", ("router.matched", "delivery.confirmed")),
        ("curl", ("delivery.sent",)),
        ("curl", ("delivery.recorded",)),
    ],
)
def test_a_crash_of_each_loses_nothing(
    sender: SenderKind, points: tuple[str, ...], rabbitmq: Node, tmp_path: Path
) -> None:
    with deployed(rabbitmq, tmp_path, sender=sender) as deployment:
        drill.judge([Drill(point, 1) for point in points], deployment)
