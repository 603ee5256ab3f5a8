"""A process tells now and then what it has done, and is silent when there is nothing new."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest
from structlog.testing import capture_logs

from durian.console import progress
from durian.consumers import Counts


@dataclass
class Part:
    counts: Counts


def test_only_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "REPORT_S", 0)
    part, stop = Part(Counts()), threading.Event()
    looks = iter([0, 3, 3, 5])

    def count() -> dict[str, int]:
        part.counts.delivered = next(looks)
        if part.counts.delivered == 5:
            stop.set()
        return dict(progress.counts_of(part)())

    with capture_logs() as logs:
        progress.report_until(stop, count)
    assert [line["delivered"] for line in logs] == [3, 5]
