"""docs/performance.md tells what was measured, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.page import files
from tests.support.house import short


@pytest.mark.parametrize(("path", "text"), files().items(), ids=map(short, files()))
def test_the_page_and_its_plots_are_made_of_the_results(path: Path, text: str) -> None:
    assert path.read_text(encoding="utf-8") == text, "run `python -m benchmarks.page`"
