"""The built wheel is what users get: the namespace alone, at home in a bare environment."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.support.house import ROOT, SOURCE_ROOTS, packages, pyproject

#: What must import with the dependencies of the base install alone.
BASE_PACKAGES = (
    "durian.errors",
    "durian.events",
    "durian.match",
    "durian.producers",
    "durian.hook",
    "durian.producers.logging",
    "durian.producers.outbox",
    "durian.receiver",
    "durian.registry",
    "durian.signature",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the tree."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment: the wheel and what the base install depends on.

    The dependencies are linked from the environment that runs the tests, so no network is needed.
    """
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False)
    (site,) = folder.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    for entry in _files_of(pyproject()["project"]["dependencies"]):
        (site / entry.name).symlink_to(entry)
    return folder / "bin" / "python"


def test_the_wheel_holds_every_module_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
    tree = {
        path.relative_to(root).as_posix()
        for root in SOURCE_ROOTS
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    receivers = (ROOT / "examples" / "receive").iterdir()
    tree |= {f"durian/console/pages/receivers/{path.name}" for path in receivers}

    assert {name.partition("/")[0] for name in names} == {"durian"}
    assert set(names) == tree


def test_the_wheel_marks_every_package_as_typed(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    assert {f"durian/{path.name}/py.typed" for path in packages()} <= names


@pytest.mark.parametrize("package", BASE_PACKAGES)
def test_the_base_install_is_enough_for_a_producer(bare: Path, package: str) -> None:
    run = subprocess.run(
        [bare, "-I", "-c", f"import {package}; print({package}.__file__)"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert run.returncode == 0, run.stderr
    assert Path(run.stdout.strip()).is_relative_to(bare.parents[1])


def test_a_producer_needs_a_handful_of_packages() -> None:
    assert len(pyproject()["project"]["dependencies"]) <= 5


def test_the_command_line_says_which_extra_it_needs(bare: Path) -> None:
    program = "import sys; from durian.console.entry import main; sys.argv = ['durian']; main()"
    run = subprocess.run(
        [bare, "-I", "-c", program], capture_output=True, text=True, check=False, timeout=60
    )

    assert run.returncode == 2
    assert 'pip install "durian[' in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("program", "extra"),
    [
        ("import durian.registry.store", "router"),
        ("from durian.hook.parts import part; part('inline')", "consumer"),
        ("from durian.hook.parts import part; part('operations')", "console"),
    ],
)
def test_what_a_program_lacks_is_named_by_its_extra(bare: Path, program: str, extra: str) -> None:
    run = subprocess.run(
        [bare, "-I", "-c", program], capture_output=True, text=True, check=False, timeout=60
    )

    assert run.stderr.splitlines()[-1].endswith(f'Run: pip install "durian[{extra}]"')


def test_the_bare_environment_is_bare(bare: Path) -> None:
    run = subprocess.run([bare, "-I", "-c", "import pika"], capture_output=True, check=False)

    assert b"No module named 'pika'" in run.stderr


def _files_of(requirements: list[str]) -> Iterator[Path]:
    """The top-level files and folders of distributions and of all they depend on."""
    seen: set[str] = set()
    waiting = [Requirement(text) for text in requirements]
    entries: set[Path] = set()
    while waiting:
        requirement = waiting.pop()
        if requirement.name.lower() in seen or not _wanted(requirement):
            continue
        seen.add(requirement.name.lower())
        found = distribution(requirement.name)
        entries |= {
            Path(str(found.locate_file(file.parts[0])))
            for file in found.files or ()
            if file.parts[0] not in {"..", "__pycache__"}
        }
        waiting += [Requirement(text) for text in found.requires or ()]
    yield from sorted(entries)


def _wanted(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})
