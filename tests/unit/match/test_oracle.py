"""Filters against the reference evaluator, over generated filters and events."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from durian.events import Event
from durian.match import Filter
from durian.match.event_pattern import means
from tests.support import filter_oracle as oracle
from tests.support.filter_strategies import EXAMPLES, data, filters, patterns, types

_extensions = st.sampled_from(({}, {"region": "ab"}, {"region": "10.0.0.1"}))


@settings(max_examples=EXAMPLES)
@given(filters, data, st.none() | st.sampled_from(("a", "abc")), _extensions)
def test_a_filter_decides_as_the_specification_says(
    form: dict[str, Any], payload: Any, subject: str | None, extensions: dict[str, str]
) -> None:
    event = Event(type="x.y", source="abc", subject=subject, extensions=extensions, data=payload)
    wanted = Filter.parse(form)
    expected = oracle.wanted(form, event)
    assert wanted.matches(event) is expected
    assert wanted.explain(event).holds is expected


@settings(max_examples=EXAMPLES)
@given(filters)
def test_what_is_written_reads_back_as_the_same_filter(form: dict[str, Any]) -> None:
    wanted = Filter.parse(json.dumps(form))
    assert Filter.parse(wanted.to_json()) == wanted
    assert Filter.parse_short(wanted.to_short()) == wanted


@settings(max_examples=EXAMPLES)
@given(patterns, types)
def test_event_patterns_fit_as_the_specification_says(pattern: str, event_type: str) -> None:
    assert means(pattern, event_type) is oracle.fits_pattern(
        pattern.split("."), event_type.split(".")
    )
