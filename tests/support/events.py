"""Events for tests: ready-made ones, and Hypothesis strategies for all others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import strategies as st

from durian.errors import InvalidEvent
from durian.events import Event, Message

#: A moment for events that need a known one.
MOMENT = datetime(2026, 1, 31, 12, 0, 0, 250000, UTC)

#: The attributes of an event that is as small as can be.
MINIMAL: dict[str, str] = {
    "specversion": "1.0",
    "id": "a-1",
    "source": "/shop",
    "type": "order.paid",
    "time": "2026-01-31T12:00:00.250000Z",
}

_RESERVED = {"data", "specversion", "id", "source", "type", "time", "subject"}

_text = st.text(st.characters(codec="utf-8"), max_size=20)
_attribute = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=20)
_numbers = st.integers(-(2**63), 2**64) | st.floats(allow_nan=False, allow_infinity=False)
_word = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Zs", "Zl", "Zp")), max_size=12)
_extension_names = st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True).filter(
    lambda name: name not in _RESERVED | {"dataschema", "datacontenttype"}
)

#: Values that JSON can hold.
json_values = st.recursive(
    st.none() | st.booleans() | _numbers | _text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_text, inner, max_size=4),
    max_leaves=12,
)

_content = st.one_of(
    st.tuples(st.sampled_from(["application/json", "application/problem+json"]), json_values),
    st.tuples(st.sampled_from(["text/plain", "text/xml; charset=utf-8"]), _text),
    st.tuples(st.sampled_from(["application/octet-stream", "image/png"]), st.binary(max_size=40)),
)

# Hypothesis' own strategy reads every file of the machine's zones for each moment it draws.
_zones = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
_moments = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=_zones)  # noqa: DTZ001 (Hypothesis adds the zone)


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Draw any event."""
    content_type, data = draw(_content)
    return Event(
        type=draw(_word.map(lambda word: f"type-{word}")),
        id=draw(_attribute),
        source="/" + draw(_word),
        subject=draw(st.none() | _attribute),
        time=draw(_moments),
        datacontenttype=content_type,
        dataschema=draw(st.none() | _word.map(lambda word: f"https://example.com/{word}")),
        extensions=draw(st.dictionaries(_extension_names, _attribute, max_size=3)),
        data=data,
    )


def ce_headers(**changes: Any) -> dict[str, object]:
    """The headers of a minimal event in binary mode; None takes one away."""
    attributes: dict[str, object] = {**MINIMAL, **changes}
    return {f"ce-{name}": value for name, value in attributes.items() if value is not None}


def message(body: bytes = b'{"name":"Joe"}', **fields: Any) -> Message:
    """A message as a broker hands it over; JSON unless it says otherwise."""
    return Message(**{"body": body, "content_type": "application/json", **fields})


def refused(raised: pytest.ExceptionInfo[InvalidEvent]) -> tuple[str, str]:
    """The attribute an error is about and its reason, once it is sure that it says what to do."""
    assert raised.value.advice
    return raised.value.field, raised.value.reason
