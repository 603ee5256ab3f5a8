"""The CloudEvents Subscriptions API's dialects."""

from __future__ import annotations

from typing import Any

import pytest

from durian.errors import InvalidFilter
from durian.events import Event
from durian.match.dialects import from_subscription

EVENT = Event(type="com.example.paid", source="/shop", subject="42", extensions={"tier": "gold"})

ROWS: list[tuple[list[dict[str, Any]], bool]] = [
    ([], True),
    ([{"exact": {"type": "com.example.paid", "source": "/shop"}}], True),
    ([{"exact": {"type": "com.example.paid", "source": "/Shop"}}], False),
    ([{"prefix": {"type": "com."}}, {"suffix": {"type": ".paid"}}], True),
    ([{"prefix": {"type": "com."}}, {"suffix": {"type": ".Paid"}}], False),
    ([{"exact": {"tier": "gold"}}], True),
    ([{"exact": {"absent": "x"}}], False),
    ([{"not": {"exact": {"absent": "x"}}}], True),
    ([{"any": [{"exact": {"source": "x"}}, {"prefix": {"subject": "4"}}]}], True),
    ([{"all": [{"exact": {"source": "x"}}, {"prefix": {"subject": "4"}}]}], False),
    ([{"not": {"all": [{"exact": {"source": "/shop"}}]}}], False),
]


@pytest.mark.parametrize(("filters", "expected"), ROWS)
def test_dialects_decide_as_specified(filters: list[dict[str, Any]], expected: bool) -> None:  # noqa: FBT001 (a table's cell)
    assert from_subscription(filters).matches(EVENT) is expected


REFUSED: list[tuple[Any, str]] = [
    ({}, "filters"),
    (["x"], "filters[0]"),
    ([{}], "filters[0]"),
    ([{"sql": "TRUE"}], "filters[0].sql"),
    ([{"all": [{"exact": {"type": "x"}}, {"like": {}}]}], "filters[0].all[1].like"),
    ([{"any": []}], "filters[0].any"),
    ([{"exact": {}}], "filters[0].exact"),
    ([{"exact": {"type": ""}}], "filters[0].exact.type"),
    ([{"not": [{"exact": {"type": "x"}}]}], "filters[0].not"),
]


@pytest.mark.parametrize(("filters", "field"), REFUSED)
def test_what_is_unknown_is_refused_by_path(filters: Any, field: str) -> None:
    with pytest.raises(InvalidFilter) as caught:
        from_subscription(filters)
    assert caught.value.field == field
