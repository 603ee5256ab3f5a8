"""Filter: the conditions of a listener, from Python, from JSON or from the short form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from durian.errors import InvalidFilter
from durian.events import Event
from durian.match.condition import Condition, found
from durian.match.explain import Verdict, explain
from durian.match.limits import MAX_FILTER_BYTES, check
from durian.match.parsing import read_form, read_text
from durian.match.reading import all_of, read_field, read_value
from durian.match.short import parse_short
from durian.match.short_writing import write_short
from durian.match.size import check_size
from durian.match.slips import refuse_lookup
from durian.match.writing import write


class Filter:
    """What an event must be like to be wanted: immutable, and equal when written equally.

    Keywords are fields of the event's data, by name or dotted path; a value is a matcher, a nested
    dict, or plain data to be equal to. Positional parts (mappings in the JSON form's manner, other
    filters, groups) must hold as well. Without any conditions every event is wanted.

    Raises InvalidFilter about the path of what cannot be understood.
    """

    __slots__ = ("_text", "condition")

    #: The root of the tree of conditions.
    condition: Condition

    def __init__(self, *parts: Any, **fields: Any) -> None:
        for name in fields:
            refuse_lookup(name, f'{{"{name}": ...}}')
        conditions = [read_value(part, "", root=True) for part in parts]
        conditions += [read_field(name, value) for name, value in fields.items()]
        self.condition = all_of(conditions)
        check_size(self.condition)
        self._text = _as_json(write(self.condition))
        check("filter", "the number of bytes", len(self._text.encode()), MAX_FILTER_BYTES)

    @classmethod
    def parse(cls, form: str | Mapping[str, Any]) -> Filter:
        """Read the JSON form, as text or as parsed. Raises InvalidFilter."""
        return cls(read_text(form) if isinstance(form, str) else read_form(form))

    @classmethod
    def parse_short(cls, text: str) -> Filter:
        """Read the short form, such as `name=startswith:J and age>=18`. Raises InvalidFilter."""
        return cls(parse_short(text))

    def to_json(self) -> str:
        """Write the JSON form: `parse` reads it back to an equal filter."""
        return self._text

    def to_short(self) -> str:
        """Write the short form: `parse_short` reads it back to an equal filter."""
        return write_short(self.condition)

    def matches(self, event: Event) -> bool:
        """Tell whether the event fulfils every condition. Never raises."""
        return found(self.condition, event.data, event)

    def explain(self, event: Event) -> Verdict:
        """Tell of every condition what it looked at, and whether it held."""
        return explain(self.condition, event)

    def __and__(self, other: Filter) -> Filter:
        return Filter(self, other)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Filter) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return f"Filter.parse({self._text!r})"


def _as_json(form: dict[str, Any]) -> str:
    try:
        text = json.dumps(form, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
    except ValueError as exc:
        # Of a lone surrogate, or a number that is not finite, wherever it came from.
        raise InvalidFilter("filter", f"holds what JSON cannot: {exc}") from exc
    return text
