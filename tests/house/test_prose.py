"""Public names say what they are, exceptions to a rule say why, and nothing is put off."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.house import modules, packages, parse, short, suites

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

#: What a log line says: a stable name, and for those of the standard library the names of its
#: arguments, which `durian.console.logs` takes apart.
FACT = re.compile(r"[a-z_]+\.[a-z_]+( [a-z_]+=%[sdr])*")

#: What writes one.
LEVELS = frozenset({"debug", "info", "warning", "error", "exception"})

#: What may have a docstring.
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def test_a_rule_switched_off_has_its_reason_beside_it() -> None:
    bare = [
        f"{short(path)}:{number}: {line.strip()}"
        for path in [*modules(), *suites()]
        for number, line in _comment_lines(path)
        if (switch := SWITCH.search(line)) and not REASON.search(switch["rest"])
    ]

    assert bare == []


def test_nothing_is_put_off() -> None:
    found = [
        f"{short(path)}:{number}: {line.strip()}"
        for path in [*modules(), *suites()]
        for number, line in _lines(path)
        if PUT_OFF.search(line)
    ]

    assert found == []


def test_a_log_line_is_a_fact_with_fields_and_no_sentence() -> None:
    loose = [
        f"{short(path)}:{node.lineno}: {told}"
        for path in modules()
        for node, told in _log_lines(parse(path))
        if not FACT.fullmatch(told)
    ]

    assert loose == []


def test_a_public_constant_says_what_it_is() -> None:
    """By a `#:` comment above it, or above the block of assignments it stands in."""
    bare = [
        f"{short(path)}:{node.lineno} {name}"
        for path in modules()
        for node, name in _constants(parse(path))
        if not _explained(path, node.lineno)
    ]

    assert bare == []


def test_a_public_name_has_a_docstring() -> None:
    bare = [
        f"{short(path)}:{getattr(node, 'lineno', 1)} {getattr(node, 'name', 'module')}"
        for path in modules()
        for node in _public(parse(path))
        if not _is_overload(node) and not ast.get_docstring(node)
    ]

    assert bare == []


def test_what_stands_in_a_private_name_or_in_a_function_is_not_public() -> None:
    tree = ast.parse(
        "def f():\n    def g(): ...\nclass A:\n    def b(self): ...\n    def _c(self): ...\n"
        "class _D:\n    def e(self): ...\nif True:\n    def h(): ...\n"
    )

    assert [getattr(node, "name", "module") for node in _public(tree)] == [
        *("module", "f", "A", "b", "h")
    ]


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


def _log_lines(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Calls of a module's logger, and what they say as it is written."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="_log" | "_LOG" | "log"), attr=level),
                args=[ast.Constant(value=str(told)), *_],
            ) if level in LEVELS:
                yield node, told


def _targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []


def _constants(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    for node in tree.body:
        for target in _targets(node):
            if isinstance(target, ast.Name) and target.id.isupper() and target.id[0] != "_":
                yield node, target.id


def _explained(path: Path, lineno: int) -> bool:
    """Walk up the block (no empty line in between) to a `#:` comment."""
    lines = path.read_text(encoding="utf-8").splitlines()
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


def _public(node: ast.AST) -> Iterator[Documented]:
    """What has no underscore before its name, nor before that of what it stands in."""
    if isinstance(node, Documented):
        if getattr(node, "name", "").startswith("_"):
            return
        yield node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        for child in ast.iter_child_nodes(node):
            yield from _public(child)
