from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import support
from benchmarks.support import Figure


def test_every_row_of_a_results_file_stands_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(support, "RESULTS", tmp_path)
    path = support.write_results("some", [Figure("speed", 12.5, "1/s")], 60.4, rabbitmq="9.9")
    (row,) = json.loads(path.read_text())
    assert {name: row[name] for name in ("figure", "value", "unit")} == {
        "figure": "speed",
        "value": 12.5,
        "unit": "1/s",
    }
    assert "cores" in row["machine"]
    assert row["took_s"] == 60
    assert row["versions"]["rabbitmq"] == "9.9"
    assert {"python", "durian", "kombu"} <= set(row["versions"])


def test_a_table_shows_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    support.print_table("some", [Figure("speed", 5347.2, "1/s"), Figure("late", 0.01234, "ms")])
    printed = capsys.readouterr().out
    assert "speed       5,347  1/s" in printed
    assert "late       0.0123  ms" in printed


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.5, "0.5"), (99.94, "99.9"), (100.4, "100"), (12345.6, "12,346")],
)
def test_numbers_are_readable(value: float, text: str) -> None:
    assert support.readable(value) == text
