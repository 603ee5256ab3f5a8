"""What is tested here: commands in a folder of their own, and the application of an open house."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from durian.console.output import console
from durian.console.settings import Settings, variable
from durian.registry.store import Store
from tests.support.api import Api
from tests.support.commands import CommandLine
from tests.support.registry import put_registry


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> CommandLine:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
    monkeypatch.setenv("DURIAN_SECRET_KEY_FILE", str(tmp_path / "key"))
    # Whoever tests may have a `durian up` of their own.
    monkeypatch.setenv("DURIAN_API_PORT", "1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    # Wide enough that no table breaks its words, wherever the tests run.
    monkeypatch.setenv("COLUMNS", "200")
    console.cache_clear()
    put_registry(tmp_path)
    return CommandLine(capsys)


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry that is up to date and holds nothing: to be copied, which is quick."""
    path = tmp_path_factory.mktemp("registry") / "empty.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def registry_copy(empty_registry: Path, tmp_path: Path) -> str:
    """The URL of a registry of its own."""
    shutil.copy(empty_registry, tmp_path / "durian.db")
    return f"sqlite:///{tmp_path}/durian.db"


@pytest.fixture
def api(registry_copy: str) -> Iterator[Api]:
    """An application of its own."""
    with Api(registry_copy) as running:
        yield running
