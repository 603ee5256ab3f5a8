"""The index against the reference evaluator: listeners come, change and go between events."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durian.events import Event
from durian.match import Filter, Index
from durian.match.index import (
    access,
    affixes,
    bounds,
    equalities,
    lookup,
    plan,
    regex_sets,
    shapes,
    topics,
    windows,
    words,
)
from tests.support import filter_oracle as oracle
from tests.support.filter_strategies import EXAMPLES, data, filters, patterns, simple_filters, types

pytestmark = pytest.mark.long

#: Limits at which the index's parts are made, merged and split, so small that a few listeners do.
_TINY = (
    (affixes, "_EDGES", 1),
    (words, "_APART", 2),
    (words, "_LARGEST", 5),
    (words, "_BLOCK", 3),
    (regex_sets, "_APART", 1),
    (regex_sets, "_LARGEST", 3),
    (bounds, "_APART", 1),
    (bounds, "_SHARE", 2),
    (windows, "_FINE", 1),
    (windows, "_COARSE", 2),
    (windows, "_WIDE", 2),
    (windows, "_MANY", 2),
    (lookup, "MANY", 2),
    (shapes, "_CHOICES", 2),
    (topics, "_REMEMBERED", 1),
    (plan, "_FEW", 1),
    (equalities, "MAX_KEYS", 2),
    (equalities, "MAX_ALTERNATIVES", 3),
    (access, "MAX_ENTRIES", 3),
)


@pytest.fixture(autouse=True, scope="module", params=["as shipped", "tiny"])
def limits(request: pytest.FixtureRequest) -> Iterator[None]:
    """Compare with the limits as they are, and with limits that are met all the time."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name, value in _TINY if request.param == "tiny" else ():
            patch.setattr(module, name, value)
        yield


_events = st.builds(
    lambda payload, event_type, subject, extensions: Event(
        type=event_type, source="abc", subject=subject, extensions=extensions, data=payload
    ),
    data,
    types,
    st.none() | st.sampled_from(("a", "abc")),
    st.sampled_from(({}, {"region": "ab"}, {"region": "10.0.0.1"})),
)
_patterns = st.just("#") | patterns
_steps = st.one_of(
    st.tuples(st.just("add"), st.integers(0, 30), _patterns, filters),
    st.tuples(st.just("remove"), st.integers(0, 30), st.none(), st.none()),
    st.tuples(st.just("match"), st.none(), st.none(), _events),
)


def expected(listeners: dict[str, tuple[str, Any]], event: Event) -> list[str]:
    words = event.type.split(".")
    return sorted(
        listener_id
        for listener_id, (pattern, form) in listeners.items()
        if oracle.fits_pattern(pattern.split("."), words) and oracle.wanted(form, event)
    )


def apply(index: Index, listeners: dict[str, tuple[str, Any]], step: tuple[Any, ...]) -> None:
    verb, number, pattern, form = step
    listener_id = f"listener-{number}"
    if verb == "add":
        index.add(listener_id, pattern, Filter.parse(form))
        listeners[listener_id] = (pattern, form)
    elif verb == "remove":
        index.remove(listener_id)
        listeners.pop(listener_id, None)
    else:
        assert sorted(index.match(form)) == expected(listeners, form)


def restore(index: Index) -> Index:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "snapshot"
        index.save(path, "a mark")
        restored, mark = Index.restore(path)
    assert mark == "a mark"
    assert len(restored) == len(index)
    return restored


@settings(max_examples=EXAMPLES)
@given(
    st.lists(filters | simple_filters, max_size=12),
    st.lists(_steps, max_size=25),
    st.lists(_events, max_size=6),
)
def test_the_index_finds_whom_the_specification_names(
    forms: list[Any], steps: list[tuple[Any, ...]], events: list[Event]
) -> None:
    index = Index()
    listeners: dict[str, tuple[str, Any]] = {}
    rows = [(f"listener-{number}", "#", json.dumps(form)) for number, form in enumerate(forms)]
    assert index.load(rows) == {}
    listeners |= {listener_id: ("#", json.loads(text)) for listener_id, _, text in rows}
    for step in steps:
        apply(index, listeners, step)
    for event in events:
        apply(index, listeners, ("match", None, None, event))
    assert len(index) == len(listeners)
    restored = restore(index)
    for event in events:
        apply(restored, listeners, ("match", None, None, event))
    for listener_id in list(listeners):
        restored.remove(listener_id)
        index.remove(listener_id)
    assert index.is_empty()
    assert restored.is_empty()


#: Sets of filters that are made of one example's, and compared on all of its events: a thousand
#: pairs of set and event in all, so that the nightly run looks at a million.
_SETS = 64


@settings(max_examples=EXAMPLES // 8)
@given(
    st.lists(filters | simple_filters, min_size=12, max_size=20),
    st.lists(_events, min_size=16, max_size=20),
    st.integers(0, 2**32),
)
def test_any_of_the_filters_together_find_whom_they_find_alone(
    forms: list[Any], events: list[Event], seed: int
) -> None:
    """Sets of filters follow one another in the same index, in random order."""
    pick = random.Random(seed)
    texts = list(map(json.dumps, forms))
    # Not all events: those of Durian's own operation are not meant by `#`.
    meant = [oracle.fits_pattern(["#"], event.type.split(".")) for event in events]
    wanting = [
        {at for at, form in enumerate(forms) if fits and oracle.wanted(form, event)}
        for fits, event in zip(meant, events, strict=True)
    ]
    index = Index()
    present: set[int] = set()
    for _ in range(_SETS):
        chosen = set(pick.sample(range(len(forms)), pick.randint(1, len(forms))))
        for at in present - chosen:
            index.remove(str(at))
        index.load((str(at), "#", texts[at]) for at in pick.sample(sorted(chosen), len(chosen)))
        present = chosen
        for event, wanted in zip(events, wanting, strict=True):
            assert sorted(map(int, index.match(event))) == sorted(wanted & chosen)
    for at in present:
        index.remove(str(at))
    assert index.is_empty()


@settings(max_examples=max(EXAMPLES // 25, 10))
@given(
    filters, st.lists(filters, min_size=1, max_size=3), st.lists(_events, min_size=1, max_size=6)
)
def test_common_values_are_split_without_a_difference(
    common: Any, others: list[Any], events: list[Event]
) -> None:
    """A hundred listeners ask for the same, and each for one of a few things besides."""
    index = Index()
    listeners: dict[str, tuple[str, Any]] = {}
    # The second turn changes everybody to what another one has wanted.
    for turn in range(2):
        for number in range(100):
            other = {"all-of": [common, others[(number + turn) % len(others)]]}
            form = other if (number + turn) % 4 else common
            apply(index, listeners, ("add", number, "#", form))
        for event in events:
            apply(index, listeners, ("match", None, None, event))
    restored = restore(index)
    for event in events:
        apply(restored, listeners, ("match", None, None, event))
    for number in range(0, 100, 2):
        apply(index, listeners, ("remove", number, None, None))
    for event in events:
        apply(index, listeners, ("match", None, None, event))
    for number in range(100):
        index.remove(f"listener-{number}")
    assert index.is_empty()
