"""Every test of the store runs on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from durian.registry.store import Store
from durian.registry.vault import Vault
from tests.support.registry import make_registry

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def registry_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a registry that holds nothing, not even tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/registry/durian.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def vault() -> Vault:
    """A vault with one key."""
    return Vault([b"k" * 32])


@pytest.fixture
def store(registry_url: str, vault: Vault) -> Iterator[Store]:
    """A store that is empty and up to date."""
    make_registry(registry_url)
    with Store.open(registry_url, vault) as opened:
        yield opened
