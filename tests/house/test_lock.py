"""The locks hold what pyproject.toml asks for, by hash, and name no place to fetch it from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.house import ROOT, pyproject

RUN_LOCK = "requirements.lock"
DEV_LOCK = "requirements-dev.lock"

#: One locked distribution: name, version, perhaps a marker, and its hashes on the lines below.
ENTRY = re.compile(
    r"^(?P<name>[\w.-]+)(?:\[[\w,-]+\])?==(?P<version>[^\s;\\]+)(?P<rest>(?:.*\\\n)+.*)",
    re.MULTILINE,
)


@pytest.mark.parametrize("lock", [RUN_LOCK, DEV_LOCK])
def test_every_entry_has_a_hash(lock: str) -> None:
    text = _text(lock)
    pinned = len(re.findall(r"^[\w.\[\],-]+==", text, re.MULTILINE))

    assert pinned > 0
    assert sum("--hash=sha256:" in entry["rest"] for entry in ENTRY.finditer(text)) == pinned


@pytest.mark.parametrize("lock", [RUN_LOCK, DEV_LOCK])
def test_a_lock_names_no_place(lock: str) -> None:
    assert re.findall(r"\w+://\S+|--(?:extra-)?index-url|--find-links", _text(lock)) == []


def test_both_locks_agree() -> None:
    run, dev = _versions(RUN_LOCK), _versions(DEV_LOCK)

    assert {name: dev.get(name) for name in run} == run


@pytest.mark.parametrize(("lock", "groups"), [(RUN_LOCK, ["build"]), (DEV_LOCK, None)])
def test_a_lock_fulfils_what_is_asked_for(lock: str, groups: list[str] | None) -> None:
    """Else `make lock` was forgotten after a change of pyproject.toml."""
    locked = _versions(lock)
    unfulfilled = [
        str(requirement)
        for requirement in _requirements(pyproject(), groups)
        if not requirement.specifier.contains(locked.get(canonicalize_name(requirement.name), "0"))
    ]

    assert unfulfilled == []


def _text(lock: str) -> str:
    return (ROOT / lock).read_text(encoding="utf-8")


def _versions(lock: str) -> dict[str, str]:
    return {
        canonicalize_name(entry["name"]): entry["version"] for entry in ENTRY.finditer(_text(lock))
    }


def _requirements(config: dict[str, Any], groups: list[str] | None) -> Iterator[Requirement]:
    """What the project asks for: the base, every extra, and groups (all of them by default)."""
    project = config["project"]
    texts = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        texts += extra
    for name, group in config["dependency-groups"].items():
        if groups is None or name in groups:
            texts += group
    for requirement in map(Requirement, texts):
        if requirement.name != project["name"]:
            yield requirement
