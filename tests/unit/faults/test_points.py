"""Every failpoint is in the code, once, and every failpoint in the code is known."""

from __future__ import annotations

import ast
from collections import Counter

from durian.faults import POINTS
from tests.support.house import modules, parse, short


def failpoints() -> Counter[str]:
    """The names given to `failpoint` in all the code; what is no plain text shows as its place."""
    found: Counter[str] = Counter()
    for path in modules():
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "failpoint":
                [name] = node.args
                place = f"{short(path)}:{node.lineno}"
                found[str(name.value) if isinstance(name, ast.Constant) else place] += 1
    return found


def test_every_mark_is_in_the_code_once() -> None:
    # Attempts are made of one delivery or of several, and whichever sender sends.
    twice = dict.fromkeys(("delivery.begun", "delivery.answered", "delivery.sent"), 2)
    assert failpoints() == dict.fromkeys(POINTS, 1) | twice


def test_every_mark_says_in_a_sentence_what_is_true_there() -> None:
    assert [text for text in POINTS.values() if not text.endswith(".")] == []
