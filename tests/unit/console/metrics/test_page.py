"""docs/observability.md has a row for each metric, and for nothing else."""

from __future__ import annotations

import re

from durian.console.metrics.catalogue import METRICS, Metric
from tests.support.house import ROOT


def row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {metric.meaning} | {labels} |"


def test_every_metric_has_its_row_and_every_row_its_metric() -> None:
    page = (ROOT / "docs" / "observability.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `durian_.*\|$", page, re.MULTILINE) == [row(each) for each in METRICS]
