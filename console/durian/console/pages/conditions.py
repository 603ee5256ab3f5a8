"""The editor of a filter: a row for each field, and JSON for what rows cannot say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from durian.console.pages.form import Form
from durian.console.pages.operators import OPERATORS, Operator
from durian.console.pages.schema_fields import SchemaField
from durian.errors import InvalidInput
from durian.match import Filter

#: The field of the form that says how a filter is given, and the name of the JSON one.
MODE: Final = "mode"
JSON: Final = "json"

#: Rows of a form at most.
MOST_ROWS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A condition as it is edited."""

    path: str
    #: Whether its path is the schema's, and not to be typed.
    is_known: bool = False
    about: SchemaField | None = None
    negated: bool = False
    operator: Operator = OPERATORS["any"]
    value: str = ""
    #: What is wrong with it.
    error: str = ""

    @property
    def kind(self) -> str:
        """The kind of its field; attributes of the envelope are texts."""
        if self.path.startswith("@"):
            return "string"
        return self.about.kind if self.about else ""

    @property
    def asks(self) -> bool:
        """Whether it asks for anything."""
        return self.operator.word != "any" or self.negated

    def to_json(self) -> dict[str, Any]:
        """The condition in the JSON form. Raises InvalidInput."""
        asked: Any = {self.operator.word: self.operator.read(self.value, self.kind)}
        return {self.path: {"not": asked} if self.negated else asked}


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """A filter as it is edited."""

    rows: Sequence[Row]
    #: The JSON form as text, when that is what is edited; None: the rows are.
    json: str | None = None
    #: What is wrong with it as a whole.
    error: str = ""
    #: Paths that can be chosen for further rows.
    paths: Sequence[str] = field(default_factory=tuple)

    @property
    def is_valid(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.error and not any(row.error for row in self.rows)

    def filter(self) -> Filter:
        """The filter. Raises InvalidFilter; not to be asked of an editor that is not valid."""
        if self.json is not None:
            return Filter.parse(self.json)
        return Filter(*(row.to_json() for row in self.rows if row.asks))


def opened(conditions: Mapping[str, Any], fields: Sequence[SchemaField]) -> Editor:
    """Open the editor with a filter: by rows when they can say it."""
    known = {one.path: one for one in fields}
    asked = _rows_of(conditions, known)
    paths = _paths(fields)
    if asked is None:
        return Editor(rows=_with_fields((), fields), json=_pretty(conditions), paths=paths)
    return Editor(rows=_with_fields(asked, fields), paths=paths)


def read(form: Form, fields: Sequence[SchemaField]) -> Editor:
    """Read the editor back from its form; whatever is wrong is noted where it stands."""
    paths = _paths(fields)
    if form(MODE) == JSON:
        text = form(JSON)
        editor = Editor(rows=_with_fields((), fields), json=text, paths=paths)
        try:
            Filter.parse(text)
        except InvalidInput as error:
            return replace(editor, error=str(error))
        return editor
    rows = [_checked(row) for row in _rows_in(form, {one.path: one for one in fields})]
    editor = Editor(rows=rows, paths=paths)
    if editor.is_valid:
        try:
            editor.filter()
        except InvalidInput as error:  # of all rows together: too many conditions
            return replace(editor, error=str(error))
    return editor


def switched(editor: Editor, fields: Sequence[SchemaField]) -> Editor:
    """Edit the same filter in the other way; as it is while something is wrong with it."""
    if not editor.is_valid:
        return editor
    conditions = json.loads(editor.filter().to_json())
    if editor.json is None:
        return replace(editor, json=_pretty(conditions))
    turned = opened(conditions, fields)
    reason = "Rows cannot say this: it joins conditions in other ways than all of them."
    return turned if turned.json is None else replace(turned, error=reason)


def with_row(editor: Editor) -> Editor:
    """Add a row whose field is to be chosen."""
    return replace(editor, rows=[*editor.rows, Row(path="", operator=OPERATORS["is"])])


def _rows_in(form: Form, known: Mapping[str, SchemaField]) -> Iterator[Row]:
    for number in range(MOST_ROWS):
        name = f"path_{number}"
        if name not in form:
            return
        path = form(name).strip()
        yield Row(
            path=path,
            is_known=bool(form(f"known_{number}")),
            about=known.get(path),
            negated=form(f"not_{number}") == "1",
            operator=OPERATORS.get(form(f"op_{number}"), OPERATORS["any"]),
            value=form(f"value_{number}"),
        )


def _checked(row: Row) -> Row:
    if not row.asks:
        return row
    if not row.path:
        return replace(row, error="Choose a field, or set it to “be anything”.")
    try:
        Filter.parse(row.to_json())
    except InvalidInput as error:
        return replace(row, error=f"{error.reason}. {error.advice}".strip())
    return row


def _rows_of(conditions: Mapping[str, Any], known: Mapping[str, SchemaField]) -> list[Row] | None:
    """The rows that say the same; None when rows cannot say it."""
    rows: list[Row] = []
    for path, asked in conditions.items():
        if path == "all-of":
            parts = [_rows_of(part, known) for part in asked if isinstance(part, Mapping)]
        elif path in ("any-of", "not") or path in OPERATORS:
            return None
        else:
            parts = [_rows_about(path, asked, known.get(path))]
        for part in parts:
            if part is None:
                return None
            rows += part
    return rows


def _rows_about(path: str, asked: Any, about: SchemaField | None) -> list[Row] | None:
    row = Row(path=path, about=about, is_known=about is not None)
    words = asked if isinstance(asked, Mapping) else {"is": asked}
    rows: list[Row] = []
    for word, argument in words.items():
        negated = word == "not"
        inner = argument if isinstance(argument, Mapping) else {"is": argument}
        if negated and len(inner) != 1:
            return None
        (name, given), *_ = inner.items() if negated else ((word, argument),)
        operator = OPERATORS.get(name)
        value = None if operator is None else operator.write(given, row.kind)
        if operator is None or value is None:
            return None
        rows.append(replace(row, negated=negated, operator=operator, value=value))
    return rows


def _with_fields(asked: Sequence[Row], fields: Sequence[SchemaField]) -> list[Row]:
    """A row for each field of the schema, as asked or empty, and the others behind them."""
    rows: list[Row] = []
    for one in fields:
        mine = [row for row in asked if row.path == one.path]
        rows += mine or [Row(path=one.path, about=one, is_known=True)]
    paths = {one.path for one in fields}
    return rows + [row for row in asked if row.path not in paths]


def _paths(fields: Sequence[SchemaField]) -> Sequence[str]:
    attributes = ("@source", "@subject", "@time", "@id", "@type")
    return (*(one.path for one in fields), *attributes)


def _pretty(conditions: Mapping[str, Any]) -> str:
    return json.dumps(conditions, ensure_ascii=False, indent=2)
