"""Public names say what they are, exceptions to a rule say why, and nothing is put off."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.house import functions, modules, packages, parse, short, suites

#: A rule switched off, and what stands behind it on the line.
SWITCH = re.compile(
    r"#\s*(?:noqa(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?"
    r"|type:\s*ignore(?:\[[\w, -]+\])?"
    r"|pragma:\s*no\s*(?:cover|branch))(?P<rest>.*)"
)

#: A reason is at least a word; a code or a separator is none.
REASON = re.compile(r"[A-Za-z]{5,}|[A-Za-z]+ [A-Za-z]+")

#: Put together here, so that this file does not hold the words itself.
PUT_OFF = re.compile(
    r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b"
)


@pytest.mark.parametrize("path", [*modules(), *suites()], ids=short)
def test_a_rule_switched_off_has_its_reason_beside_it(path: Path) -> None:
    bare = [
        f"{short(path)}:{number}: {line.strip()}"
        for number, line in _comment_lines(path)
        if (switch := SWITCH.search(line)) and not REASON.search(switch["rest"])
    ]

    assert bare == []


@pytest.mark.parametrize("path", [*modules(), *suites()], ids=short)
def test_nothing_is_put_off(path: Path) -> None:
    found = [
        f"{short(path)}:{n}: {line.strip()}" for n, line in _lines(path) if PUT_OFF.search(line)
    ]

    assert found == []


@pytest.mark.parametrize("path", modules(), ids=short)
def test_a_public_constant_says_what_it_is(path: Path) -> None:
    """By a `#:` comment above it, or above the block of assignments it stands in."""
    lines = path.read_text(encoding="utf-8").splitlines()
    bare = [
        f"{short(path)}:{node.lineno} {name}"
        for node, name in _constants(parse(path))
        if not _explained(lines, node.lineno)
    ]

    assert bare == []


@pytest.mark.parametrize("path", modules(), ids=short)
def test_a_public_name_has_a_docstring(path: Path) -> None:
    tree = parse(path)
    nodes = [tree, *functions(tree), *(n for n in ast.walk(tree) if isinstance(n, ast.ClassDef))]
    bare = [
        f"{short(path)}:{getattr(node, 'lineno', 1)} {getattr(node, 'name', 'module')}"
        for node in nodes
        if _public(tree, node) and not _is_overload(node) and not ast.get_docstring(node)
    ]

    assert bare == []


@pytest.mark.parametrize("package", packages(), ids=lambda path: path.name)
def test_a_package_names_its_face(package: Path) -> None:
    """By `__all__`, or by being a single module whose public names are the face."""
    names = {
        target.id
        for node in parse(package / "__init__.py").body
        for target in _targets(node)
        if isinstance(target, ast.Name)
    }
    alone = [path.name for path in package.glob("*.py")] == ["__init__.py"]

    assert "__all__" in names or alone


def test_the_pattern_tells_a_reason_from_none() -> None:
    given = SWITCH.search("x = 1  # noqa: S101  # the caller checked it")
    bare = SWITCH.search("x = 1  # type: ignore[arg-type]")

    assert given is not None
    assert REASON.search(given["rest"])
    assert bare is not None
    assert not REASON.search(bare["rest"])


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    return enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)


def _comment_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that are not inside a string constant of this very guard."""
    if path != Path(__file__):
        yield from _lines(path)


def _targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []


def _constants(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    for node in tree.body:
        for target in _targets(node):
            if isinstance(target, ast.Name) and target.id.isupper() and target.id[0] != "_":
                yield node, target.id


def _explained(lines: list[str], lineno: int) -> bool:
    """Walk up the block (no empty line in between) to a `#:` comment."""
    for line in reversed(lines[: lineno - 1]):
        if line.startswith("#:"):
            return True
        if not line.strip():
            return False
    return False


def _is_overload(node: ast.AST) -> bool:
    """An overload is a signature: the function that it belongs to has the docstring."""
    decorators = getattr(node, "decorator_list", ())
    return any(isinstance(one, ast.Name) and one.id == "overload" for one in decorators)


def _public(tree: ast.Module, node: ast.AST) -> bool:
    """A name is public when neither it nor what it stands in begins with an underscore."""
    if isinstance(node, ast.Module):
        return True
    parents = {
        id(child): parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)
    }
    current: ast.AST = node
    while not isinstance(current, ast.Module):
        if getattr(current, "name", "").startswith("_"):
            return False
        current = parents[id(current)]
        if isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef):
            return False
    return True
