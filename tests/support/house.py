"""Where things lie in the project, for the tests that guard its house."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

#: The folder that holds pyproject.toml.
ROOT = Path(__file__).resolve().parents[2]

#: The four source roots, outermost layer first.
SOURCE_ROOTS = tuple(ROOT / name for name in ("console", "consumers", "producers", "router"))


def packages() -> list[Path]:
    """Every package folder directly below a source root's `durian/`."""
    return sorted(
        path
        for root in SOURCE_ROOTS
        for path in (root / "durian").iterdir()
        if path.is_dir() and path.name != "__pycache__"
    )


def modules() -> list[Path]:
    """Every module of the four source roots."""
    return sorted(path for root in SOURCE_ROOTS for path in root.rglob("*.py"))


def suites() -> list[Path]:
    """Every Python file of the tests and benchmarks."""
    return sorted(path for name in ("tests", "benchmarks") for path in (ROOT / name).rglob("*.py"))


@cache
def parse(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a module, nested ones included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def short(path: Path) -> str:
    """A path as a reader of a failure wants it: relative to the project."""
    return str(path.relative_to(ROOT))


def pyproject() -> dict[str, Any]:
    """What pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def documents() -> list[Path]:
    """Every page of prose that belongs to the project."""
    pages = [*ROOT.glob("*.md")]
    for folder in ("docs", "examples", "benchmarks", "tests", "deploy"):
        pages += (ROOT / folder).rglob("*.md")
    return sorted(pages)
