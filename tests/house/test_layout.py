"""The namespace stays a namespace: packages lie in their places and nothing lies loose."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.house import ROOT, SOURCE_ROOTS, packages, short

#: The migrations of the registry.
MIGRATIONS = ROOT / "router" / "durian" / "registry" / "migrations" / "versions"


@pytest.mark.parametrize("root", SOURCE_ROOTS, ids=lambda path: path.name)
def test_nothing_lies_loose_in_a_namespace_folder(root: Path) -> None:
    """A module or an `__init__.py` in one `durian/` would hide the other three."""
    loose = [short(path) for path in (root / "durian").iterdir() if path.is_file()]

    assert loose == []


@pytest.mark.parametrize("root", SOURCE_ROOTS, ids=lambda path: path.name)
def test_a_source_root_holds_the_namespace_alone(root: Path) -> None:
    """Whatever else lay there would be importable by that name in a developer's environment."""
    others = [path.name for path in root.iterdir() if path.name not in {"durian", "__pycache__"}]

    assert others == []


@pytest.mark.parametrize("package", packages(), ids=lambda path: path.name)
def test_a_package_is_a_typed_package(package: Path) -> None:
    assert (package / "__init__.py").is_file()
    assert (package / "py.typed").is_file()


def test_no_package_lies_in_two_roots() -> None:
    names = [path.name for path in packages()]

    assert sorted(set(names)) == sorted(names)


def test_each_migration_has_a_number_of_its_own() -> None:
    """Two that are written at the same time would both be the next, and no registry be made."""
    numbers = [path.name[:4] for path in sorted(MIGRATIONS.glob("[0-9]*.py"))]

    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
