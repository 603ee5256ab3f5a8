from __future__ import annotations

import dataclasses
import json
import math
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, field_serializer

from durian.errors import InvalidEvent
from durian.events import jsonvalue
from tests.support.events import json_values, refused

#: Not JSON, or JSON that receivers choke on: each is refused.
HOSTILE = {
    "nothing": b"",
    "white space alone": b" \n",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "NaN": b"NaN",
    "NaN within": b'{"a":[NaN]}',
    "Infinity": b"Infinity",
    "negative Infinity": b'{"a":-Infinity}',
    "a lone high surrogate": b'"\\ud800"',
    "a lone low surrogate": b'"\\udc00"',
    "surrogates in the wrong order": b'"\\udc00\\ud800"',
    "a lone surrogate in a key": b'{"\\ud800":1}',
    "an encoded surrogate": b'"\xed\xa0\x80"',
    "Latin-1": b'"caf\xe9"',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "overlong UTF-8": b'"\xc0\xaf"',
    "a control character": b'"a\nb"',
    "two values": b"{} {}",
    "a trailing comma": b"[1,]",
    "a comment": b"[1] // one",
    "single quotes": b"{'a':1}",
    "a bare key": b"{a:1}",
    "a leading zero": b"01",
    "a bare point": b"1.",
    "a plus sign": b"+1",
    "hexadecimal": b"0x10",
    "cut short": b'{"a":[1,2',
    "too many digits": b"1" * 5_000,
    "an unending nest": b"[" * 100_000,
    "a deep nest of arrays": b"[" * 65 + b"]" * 65,
    "a deep nest of objects": b'{"a":' * 65 + b"1" + b"}" * 65,
    "a deep nest among shallow ones": b"[" + b"[]," * 100 + b"[" * 64 + b"]" * 64 + b"]",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_parse_refuses(raw: bytes) -> None:
    with pytest.raises(InvalidEvent) as raised:
        jsonvalue.parse(raw, field="body")
    assert refused(raised)[0] == "body"


#: Odd, but JSON.
ACCEPTED: dict[str, tuple[bytes, object]] = {
    "white space around": (b' \t\r\n{"a" : 1 } ', {"a": 1}),
    "null": (b"null", None),
    "a pair of surrogates": (b'"\\ud83d\\ude00"', "\N{GRINNING FACE}"),
    "an escaped NUL": (b'"\\u0000"', "\0"),
    "a large integer": (b"123456789012345678901234567890", 123456789012345678901234567890),
    "as many digits as Python reads": (b"1" * 4_300, int("1" * 4_300)),
    "a float too large for binary64": (b"1e999", math.inf),
    "a name twice, the last of which counts": (b'{"a":1,"a":2}', {"a": 2}),
    "brackets within strings": (b'["' + b"[" * 100 + b'"]', ["[" * 100]),
    "many shallow nests": (b"[" + b"[]," * 99 + b"[]]", [[]] * 100),
}


@pytest.mark.parametrize(("raw", "value"), ACCEPTED.values(), ids=ACCEPTED)
def test_parse_accepts(raw: bytes, value: object) -> None:
    assert jsonvalue.parse(raw) == value


def test_64_levels_are_allowed_and_65_are_not() -> None:
    assert jsonvalue.parse(b"[" * 64 + b"]" * 64) is not None
    with pytest.raises(InvalidEvent, match="data: is nested deeper than 64 levels"):
        jsonvalue.parse(b"[" * 65 + b"]" * 65)


@pytest.mark.parametrize("depth", [0, 1, 2, 5])
def test_the_depth_allowed_is_the_callers_to_say(depth: int) -> None:
    assert jsonvalue.parse(b"[" * depth + b"1" + b"]" * depth, depth=depth) is not None
    with pytest.raises(InvalidEvent, match=f"deeper than {depth} levels"):
        jsonvalue.parse(b"[" * (depth + 1) + b"1" + b"]" * (depth + 1), depth=depth)


class Colour(Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: float


class Person(BaseModel):
    name: str
    born: date


WRITABLE: dict[str, tuple[object, bytes]] = {
    "text": ("Zoë", '"Zoë"'.encode()),
    "an aware datetime": (datetime(2026, 1, 31, 12, tzinfo=UTC), b'"2026-01-31T12:00:00Z"'),
    "a date": (date(2026, 1, 31), b'"2026-01-31"'),
    "a UUID": (uuid.UUID(int=7), b'"00000000-0000-0000-0000-000000000007"'),
    "a Decimal, exactly": (Decimal("12.10"), b'"12.10"'),
    "an enum": (Colour.RED, b'"red"'),
    "a dataclass": (Point(1, 2.5), b'{"x":1,"y":2.5}'),
    "a model": (Person(name="Joe", born=date(1970, 1, 1)), b'{"name":"Joe","born":"1970-01-01"}'),
    "models within": (
        [{"p": Person(name="Jo", born=date(1970, 1, 1))}],
        b'[{"p":{"name":"Jo","born":"1970-01-01"}}]',
    ),
    "a tuple": ((1, "a", None, True), b'[1,"a",null,true]'),
    "keys that are numbers": ({1: "a"}, b'{"1":"a"}'),
}  # fmt: skip


@pytest.mark.parametrize(("value", "raw"), WRITABLE.values(), ids=WRITABLE)
def test_dump_writes(value: object, raw: bytes) -> None:
    assert jsonvalue.dump(value) == (raw, json.loads(raw))


class Reading(BaseModel):
    celsius: float


class Broken(BaseModel):
    name: str = "Joe"

    @field_serializer("name")
    def _fail(self, value: str) -> str:
        raise RuntimeError(value)


def _circle() -> list[object]:
    circle: list[object] = []
    circle.append(circle)
    return circle


def _nest(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


def _failing() -> Iterator[int]:
    yield 1
    raise KeyError("gone")


UNWRITABLE: dict[str, Callable[[], object]] = {
    "NaN": lambda: math.nan,
    "Infinity within": lambda: {"a": [math.inf]},
    "NaN within a model": lambda: Reading(celsius=math.nan),
    "NaN within a model within": lambda: {"r": [Reading(celsius=-math.inf)]},
    "a lone surrogate": lambda: "\ud800",
    "a lone surrogate in a key": lambda: {"\ud800": 1},
    "bytes that are no text": lambda: {"a": b"\xff"},
    "an object": object,
    "an object within": lambda: {"a": [1, {"b": object()}]},
    "a function": lambda: _nest,
    "a circle": _circle,
    "a nest of 65": lambda: _nest(65),
    "a nest of 5,000": lambda: _nest(5_000),
    "an integer of 5,000 digits": lambda: 10**5_000,
    "a model that raises": Broken,
    "an iterator that raises": _failing,
}


#: Where that is within, as far as it has a place of its own.
PLACES = {"bytes that are no text": "payload.a", "an object within": "payload.a.1.b"}


@pytest.mark.parametrize("name", UNWRITABLE)
def test_dump_refuses(name: str) -> None:
    with pytest.raises(InvalidEvent) as raised:
        jsonvalue.dump(UNWRITABLE[name](), field="payload")
    assert refused(raised)[0] == PLACES.get(name, "payload")


@given(json_values)
def test_what_is_dumped_reads_the_same_for_us_and_for_the_standard_library(value: object) -> None:
    raw, read = jsonvalue.dump(value)
    assert read == value
    assert json.loads(raw) == value


@given(
    st.binary(max_size=50) | st.text(max_size=50).map(lambda text: text.encode(errors="replace"))
)
def test_parse_only_ever_raises_invalid_event(raw: bytes) -> None:
    try:
        value = jsonvalue.parse(raw)
    except InvalidEvent:
        return
    assert json.loads(raw) == value
