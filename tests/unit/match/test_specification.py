"""docs/filters.md itself: its truth table, its spellings and its limits are what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from durian.errors import InvalidFilter
from durian.events import Event
from durian.match import (
    AnyOf,
    Endswith,
    Filter,
    Gt,
    Gte,
    Not,
    Startswith,
    limits,
)
from durian.match.event_pattern import MAX_BYTES
from durian.match.path import MAX_DEPTH
from durian.match.reading import WORDS
from tests.support import filter_oracle as oracle

PAGE = (Path(__file__).parents[3] / "docs" / "filters.md").read_text(encoding="utf-8")


def rows() -> list[list[str]]:
    table = PAGE.split("## Truth table")[1].split("\n\n")[2]
    return [
        [cell.strip().strip("`") for cell in line.split("|")[1:-1]] for line in table.splitlines()
    ]


def cells() -> list[tuple[str, str, bool]]:
    head, _, *body = rows()
    return [
        (condition, value, mark == "●")
        for condition, *marks in body
        for value, mark in zip(head[1:], marks, strict=True)
    ]


@pytest.mark.parametrize(("condition", "value", "expected"), cells())
def test_the_truth_table_is_true(condition: str, value: str, expected: bool) -> None:  # noqa: FBT001 (a table's cell)
    data = {} if value == "missing" else {"field": json.loads(value)}
    form = {"field": json.loads(condition)}
    event = Event(type="t", data=data)
    assert Filter.parse(form).matches(event) is expected
    assert oracle.wanted(form, event) is expected


SLIPS = PAGE.split("| written | meant |\n|---|---|\n")[1].split("\n\n")
SPANS = re.compile("`([^`]+)`")


def test_of_each_slip_what_is_written_is_refused_and_what_is_meant_is_read() -> None:
    for row in SLIPS[0].splitlines():
        _, written, meant, _ = row.split("|")
        for text in SPANS.findall(written):
            with pytest.raises(InvalidFilter):
                Filter.parse_short(text)
        for text in SPANS.findall(meant):
            Filter.parse_short(text)


def test_what_is_said_to_be_text_without_quotes_is() -> None:
    texts = SPANS.findall(SLIPS[1].partition("Without quotes, text is ")[2].partition(":")[0])
    assert len(texts) == 6
    for text in texts:
        path, _, value = text.partition("=")
        assert Filter.parse_short(text) == Filter({path: value})


def test_the_truth_table_has_every_kind_of_value() -> None:
    head, _, *body = rows()
    assert len(head) == 12
    assert len(body) == 25


SPELLINGS: list[tuple[Filter, str, str]] = [
    (Filter(name="Joe"), '{"name": "Joe"}', "name=Joe"),
    (
        Filter(name=Startswith("J"), age=Gte(18)),
        '{"name": {"startswith": "J"}, "age": {"gte": 18}}',
        "name=startswith:J and age>=18",
    ),
    (
        Filter(address={"city": Not("Oslo")}),
        '{"address": {"city": {"not": "Oslo"}}}',
        "address.city!=Oslo",
    ),
    (
        Filter({"@source": Endswith("/eu")}),
        '{"@source": {"endswith": "/eu"}}',
        "@source=endswith:/eu",
    ),
    (
        Filter(AnyOf(Filter(vip=True), Filter(total=Gt(100)))),
        '{"any-of": [{"vip": true}, {"total": {"gt": 100}}]}',
        "vip=true or total>100",
    ),
]


@pytest.mark.parametrize(("python", "form", "short"), SPELLINGS)
def test_the_three_spellings_mean_the_same(python: Filter, form: str, short: str) -> None:
    assert f"`{form}` | `{short}`" in PAGE
    assert Filter.parse(form) == python
    assert Filter.parse_short(short) == python
    assert python.to_short() == short


def test_every_word_is_on_the_page() -> None:
    for word in WORDS:
        assert re.search(rf"^\|.*`{word}`", PAGE, re.MULTILINE), word


@pytest.mark.parametrize(
    "number",
    [
        limits.MAX_FILTER_BYTES,
        limits.MAX_CONDITIONS,
        limits.MAX_DEPTH,
        limits.MAX_TEXT,
        limits.MAX_EXPRESSION,
        limits.MAX_PROGRAM,
        limits.MAX_SEARCHED,
        MAX_BYTES,
        MAX_DEPTH,
    ],
)
def test_every_limit_is_on_the_page(number: int) -> None:
    assert re.search(rf"(?<![\d,]){number:,}(?![\d,])", PAGE)


def test_python_examples_of_the_words_work() -> None:
    from durian import match  # noqa: PLC0415 (only here it is a namespace for eval)

    examples: list[Any] = re.findall(r"\| `([A-Z]\w+\([^`]*\))`", PAGE)
    assert len(examples) > 20
    for example in examples:
        if "..." not in example:
            eval(example, vars(match) | {})  # noqa: S307 (our own page)
