"""The crash-point matrix: whoever dies wherever and whenever, every delivery has its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import drill
from tests.chaos.deployment import deployed
from tests.chaos.drill import Drill
from tests.support.rabbitmq import Node

pytestmark = [pytest.mark.chaos, pytest.mark.rabbitmq]


@pytest.mark.parametrize("case", drill.all_drills(), ids=str)
def test_a_crash_loses_nothing(case: Drill, rabbitmq: Node, tmp_path: Path) -> None:
    with deployed(rabbitmq, tmp_path) as deployment:
        drill.judge([case], deployment)
