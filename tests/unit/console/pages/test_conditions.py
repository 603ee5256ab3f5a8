"""The editor of a filter: rows for what rows can say, JSON for the rest, and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from durian.console.pages import conditions
from durian.console.pages.form import Form
from durian.console.pages.operators import GROUPS, OPERATORS
from durian.console.pages.schema_fields import fields_of
from durian.match import Filter

FIELDS = fields_of(
    {
        "properties": {
            "name": {"type": "string"},
            "age": {"type": "integer"},
            "zip": {"type": "string"},
        }
    }
)


def form_of(editor: conditions.Editor) -> Form:
    """What a browser sends of an editor."""
    if editor.json is not None:
        return Form([("mode", "json"), ("json", editor.json)])
    pairs = [("mode", "rows")]
    for number, row in enumerate(editor.rows):
        pairs += [
            (f"path_{number}", row.path),
            (f"known_{number}", "1" if row.is_known else ""),
            (f"not_{number}", "1" if row.negated else ""),
            (f"op_{number}", row.operator.word),
            (f"value_{number}", row.value),
        ]
    return Form(pairs)


#: Filters that rows can say.
ROWS: tuple[dict[str, Any], ...] = (
    {},
    {"name": "Joe"},
    {"zip": "01234"},
    {"name": "true"},
    {"age": 41},
    {"age": {"between": [18, 65]}},
    {"name": {"startswith": "J"}, "age": {"gte": 18}},
    {"name": {"not": {"endswith": "e"}}},
    {"name": {"in": ["Joe", "Jo, e"]}},
    {"age": {"in": [1, 2]}},
    {"other": {"in": [1, "1", None]}},
    {"other": "41"},
    {"other": {"exists": True}},
    {"@source": {"startswith": "/shop"}},
    {"name": {"like": "^J.e$"}, "age": {"lt": 10, "gt": 3}},
    {"customer.email": {"endswith-ignore-case": "@JOE.example"}},
)

#: Those that they cannot.
JSON: tuple[dict[str, Any], ...] = (
    {"any-of": [{"name": "Joe"}, {"age": 41}]},
    {"not": {"name": "Joe"}},
    {"name": {"any-of": [{"startswith": "J"}, {"endswith": "e"}]}},
)


@pytest.mark.parametrize("asked", ROWS, ids=json.dumps)
def test_rows_say_what_they_were_opened_with(asked: dict[str, Any]) -> None:
    canonical = json.loads(Filter.parse(asked).to_json())
    editor = conditions.opened(canonical, FIELDS)
    assert editor.json is None
    again = conditions.read(form_of(editor), FIELDS)
    assert again.is_valid, [row.error for row in again.rows]
    assert json.loads(again.filter().to_json()) == canonical


@pytest.mark.parametrize("asked", JSON, ids=json.dumps)
def test_what_rows_cannot_say_is_edited_as_json(asked: dict[str, Any]) -> None:
    canonical = json.loads(Filter.parse(asked).to_json())
    editor = conditions.opened(canonical, FIELDS)
    assert editor.json is not None
    again = conditions.read(form_of(editor), FIELDS)
    assert json.loads(again.filter().to_json()) == canonical
    stays = conditions.switched(again, FIELDS)
    assert stays.json is not None
    assert "Rows cannot say this" in stays.error


def test_one_switches_to_json_and_back() -> None:
    editor = conditions.opened({"name": {"startswith": "J"}}, FIELDS)
    as_json = conditions.switched(editor, FIELDS)
    assert json.loads(as_json.json or "") == {"name": {"startswith": "J"}}
    back = conditions.switched(as_json, FIELDS)
    assert (back.json, back.rows) == (None, editor.rows)


@pytest.mark.parametrize(
    ("path", "word", "value"),
    [
        ("age", "between", "18"),
        ("age", "gt", "many"),
        ("name", "like", "("),
        ("name", "cidr", "nowhere"),
        ("", "is", "Joe"),
    ],
)
def test_what_is_wrong_is_said_beside_its_row(path: str, word: str, value: str) -> None:
    form = Form([("path_0", path), ("op_0", word), ("value_0", value)])
    editor = conditions.read(form, FIELDS)
    assert not editor.is_valid
    assert editor.rows[0].error
    assert conditions.switched(editor, FIELDS) is editor


def test_json_that_is_none_is_said_above_it() -> None:
    editor = conditions.read(Form([("mode", "json"), ("json", "{")]), FIELDS)
    assert editor.error


def test_every_field_of_the_schema_has_a_row() -> None:
    editor = conditions.opened({"age": 3, "other": 4}, FIELDS)
    assert [row.path for row in editor.rows] == ["name", "age", "zip", "other"]
    assert [row.asks for row in editor.rows] == [False, True, False, True]
    assert conditions.with_row(editor).rows[-1].path == ""


def test_a_field_that_may_be_anything_asks_for_nothing() -> None:
    assert conditions.opened({}, FIELDS).filter() == Filter()


@pytest.mark.parametrize("word", OPERATORS)
def test_every_operator_is_a_word_of_the_filters_language(word: str) -> None:
    operator = OPERATORS[word]
    argument = operator.read(operator.example, "")
    parsed = Filter.parse({"field": {word: argument}})
    assert parsed.to_json()
    assert operator.label in {one.label for _, some in GROUPS for one in some}
