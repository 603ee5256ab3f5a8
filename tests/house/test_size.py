"""Small files, small functions: what does not fit in a head is split."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.support.house import functions, modules, parse, short, suites

#: Lines of a module.
MODULE_LINES = 400
#: Lines of a function, its docstring and decorators not counted.
FUNCTION_LINES = 50
#: Lines of a file of tests or benchmarks.
TEST_FILE_LINES = 500


def test_no_module_is_too_long() -> None:
    assert _longer_than(MODULE_LINES, modules()) == []


def test_no_test_file_is_too_long() -> None:
    assert _longer_than(TEST_FILE_LINES, suites()) == []


def test_no_function_is_too_long() -> None:
    long = [
        f"{short(path)}:{node.lineno} {node.name}: {_lines(node)} lines"
        for path in [*modules(), *suites()]
        for node in functions(parse(path))
        if _lines(node) > FUNCTION_LINES
    ]

    assert long == []


def test_a_docstring_does_not_count() -> None:
    tree = ast.parse('def f():\n    """One.\n\n    Two.\n    """\n    return 1\n')

    assert [_lines(node) for node in functions(tree)] == [2]


def _longer_than(limit: int, paths: list[Path]) -> list[str]:
    counts = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    return [f"{name}: {lines} lines" for name, lines in counts.items() if lines > limit]


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node, clean=False) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines
