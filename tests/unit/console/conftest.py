"""A folder with an empty registry, in which commands run."""

from __future__ import annotations

from pathlib import Path

import pytest

from durian.console.output import console
from durian.console.settings import Settings, variable
from tests.support.commands import CommandLine
from tests.support.registry import put_registry


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> CommandLine:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
    monkeypatch.setenv("DURIAN_SECRET_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.chdir(tmp_path)
    # Wide enough that no table breaks its words, wherever the tests run.
    monkeypatch.setenv("COLUMNS", "200")
    console.cache_clear()
    put_registry(tmp_path)
    return CommandLine(capsys)
