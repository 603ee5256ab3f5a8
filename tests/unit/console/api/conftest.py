"""The REST API, with a registry and a broker of its own for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from durian.registry.store import Store
from tests.support.api import Api


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
