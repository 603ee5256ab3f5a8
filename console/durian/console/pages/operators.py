"""What a condition can ask: every word of the filters' language, as people choose it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from durian.errors import InvalidInput
from durian.match.values import read_scalar

#: What stands behind a word: nothing, a text, a value, a number, two numbers, or a list of values.
Takes = Literal["nothing", "text", "value", "number", "range", "list"]


@dataclass(frozen=True, slots=True)
class Operator:
    """A word, and what is written behind it."""

    word: str
    label: str
    takes: Takes
    #: Shown where nothing is typed yet.
    example: str = ""

    def read(self, text: str, kind: str) -> Any:
        """Read what was typed, for a field of a kind. Raises InvalidInput."""
        match self.takes:
            case "nothing":
                return True
            case "text":
                return text
            case "range":
                low, dots, high = text.partition("..")
                if not dots:
                    raise InvalidInput(self.word, "takes two numbers, such as 18..65")
                return [read_scalar(low.strip()), read_scalar(high.strip())]
            case "list":
                return _read_list(text, kind)
            case "value":
                return text if kind == "string" else read_scalar(text)
        return read_scalar(text.strip())

    def write(self, argument: Any, kind: str) -> str | None:
        """Write an argument as it would be typed; None when it cannot be typed here."""
        match self.takes:
            case "nothing":
                return "" if argument is True else None
            case "range":
                return "..".join(json.dumps(end) for end in argument)
            case "list":
                return _write_list(argument, kind)
            case "text":
                return argument if isinstance(argument, str) else None
        return _write_scalar(argument, kind)


#: The groups in which they are offered; the first word of all asks for nothing.
GROUPS: Final[Sequence[tuple[str, Sequence[Operator]]]] = (
    (
        "Values",
        (
            Operator("any", "be anything", "nothing"),
            Operator("is", "be", "value", "Joe"),
            Operator("in", "be one of", "list", "new, paid"),
            Operator("anything-but", "be there, and none of", "list", "new, paid"),
            Operator("exists", "be there", "nothing"),
            Operator("missing", "be missing", "nothing"),
        ),
    ),
    (
        "Text",
        (
            Operator("startswith", "start with", "text", "J"),
            Operator("endswith", "end with", "text", "e"),
            Operator("contains", "contain", "text", "o"),
            Operator("wildcard", "fit the wildcard", "text", "J*e"),
            Operator("like", "match the expression", "text", "^J.e$"),
        ),
    ),
    (
        "Text, in any case",
        (
            Operator("is-ignore-case", "be, in any case", "text", "joe"),
            Operator("in-ignore-case", "be one of, in any case", "list", "new, paid"),
            Operator("startswith-ignore-case", "start with, in any case", "text", "j"),
            Operator("endswith-ignore-case", "end with, in any case", "text", "E"),
            Operator("contains-ignore-case", "contain, in any case", "text", "o"),
            Operator("wildcard-ignore-case", "fit the wildcard, in any case", "text", "j*e"),
        ),
    ),
    (
        "Numbers",
        (
            Operator("gt", "be more than", "number", "100"),
            Operator("gte", "be at least", "number", "100"),
            Operator("lt", "be less than", "number", "100"),
            Operator("lte", "be at most", "number", "100"),
            Operator("between", "be between", "range", "18..65"),
        ),
    ),
    (
        "Times and networks",
        (
            Operator("before", "be before", "text", "2026-01-01T00:00:00Z"),
            Operator("after", "be after", "text", "2026-01-01T00:00:00Z"),
            Operator("cidr", "be in the network", "text", "10.0.0.0/8"),
        ),
    ),
)

#: All of them by their words.
OPERATORS: Final = {one.word: one for _, some in GROUPS for one in some}


def _read_list(text: str, kind: str) -> Any:
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as exc:
            raise InvalidInput("list", f"is not a JSON array: {exc}") from exc
    items = [item.strip() for item in text.split(",")]
    return [item if kind == "string" else read_scalar(item) for item in items if item]


def _write_list(argument: Any, kind: str) -> str | None:
    items = argument if isinstance(argument, list) else [argument]
    written = [_write_scalar(item, kind) for item in items]
    texts = [text for text in written if text is not None]
    if len(texts) < len(items):
        return None
    plain = ", ".join(texts)
    return plain if _read_list(plain, kind) == items else json.dumps(items, ensure_ascii=False)


def _write_scalar(value: Any, kind: str) -> str | None:
    """Write a value so that it is read as what it is; None when it is no single value."""
    if isinstance(value, list | dict):
        return None
    if isinstance(value, str):
        reads_back = kind == "string" or read_scalar(value) == value
        return value if reads_back else json.dumps(value, ensure_ascii=False)
    return None if kind == "string" else json.dumps(value)
