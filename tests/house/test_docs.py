"""Pages keep up with the code: links lead somewhere, and nothing that needs a word lacks it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from durian.console.settings import Settings, default_of, description_of, variable
from tests.support.house import ROOT, documents, packages, pyproject, short

#: A link or picture in Markdown, by its target.
LINK = re.compile(r"\]\((?!https?://|mailto:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")

#: Code between fences may hold anything.
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", documents(), ids=short)
def test_a_link_leads_somewhere(page: Path) -> None:
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    broken = [link[0] for link in LINK.finditer(text) if not _leads_somewhere(page, link)]

    assert broken == []


def test_every_dependency_is_explained() -> None:
    config = pyproject()
    groups = {
        **config["project"]["optional-dependencies"],
        **config["dependency-groups"],
        "base": config["project"]["dependencies"],
    }
    names = {Requirement(text).name for texts in groups.values() for text in texts}
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()

    assert {name for name in names - {"durian"} if f"`{name}`" not in page} == set()
    assert {name for name in groups if name not in page} == set()


def test_the_architecture_draws_every_package() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = set(re.findall(r"^    (\w+)/ ", page, re.MULTILINE))

    assert drawn == {path.name for path in packages()}


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    records = {path.name for path in folder.glob("[0-9]*.md")}
    listed = set(LINK.findall((folder / "README.md").read_text(encoding="utf-8")))

    assert {name for name, _ in listed if name[0].isdigit()} == records


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs/decisions").glob("[0-9]*.md"))

    assert numbers == list(range(1, len(numbers) + 1))


def test_every_setting_has_its_row() -> None:
    """The page repeats what the code says of a setting: correct the code, then the page."""
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = [
        f"| `{variable(name)}` | {_code(default_of(name))} | {description_of(name)} |"
        for name in Settings.model_fields
    ]

    assert [row for row in rows if row not in page] == []


def test_make_help_names_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^\.PHONY: (\S+)$", makefile, re.MULTILINE)
    run = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    sentences = dict(re.findall(r"^ +make (\S+) +(\S.*\.|\S.*\))$", run.stdout, re.MULTILINE))

    assert targets
    assert sorted(sentences) == sorted(targets)


def _leads_somewhere(page: Path, link: re.Match[str]) -> bool:
    target = page.parent / link["path"] if link["path"] else page
    if not target.exists():
        return False
    if not link["anchor"] or target.suffix != ".md":
        return True
    headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
    return link["anchor"] in {_slug(heading) for heading in headings}


def _slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _code(default: str) -> str:
    return default if default == "empty" else f"`{default}`"
