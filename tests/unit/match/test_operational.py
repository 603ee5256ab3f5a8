"""Durian's own events are for those who ask for them by name, and for nobody else."""

from __future__ import annotations

import pytest

from durian.events import Event
from durian.match import Filter, Index
from durian.match.event_pattern import wants_operational

FAILING = "durian.listener.failing"


def wanted(pattern: str, event_type: str) -> bool:
    index = Index()
    index.add("joe", pattern, Filter())
    return list(index.match(Event(type=event_type))) == ["joe"]


@pytest.mark.parametrize(
    "pattern", ["#", "*.#", "#.failing", "*.listener.failing", "*.*.*", "#.#", "#.durian.#"]
)
def test_a_wildcard_in_front_does_not_mean_them(pattern: str) -> None:
    assert not wanted(pattern, FAILING)
    assert not wanted(pattern, "durian")
    assert not wants_operational(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["durian.#", "durian.*.failing", "durian.#.failing", "durian.listener.*", FAILING],
)
def test_a_pattern_that_begins_with_their_word_means_them(pattern: str) -> None:
    assert wanted(pattern, FAILING)
    assert wants_operational(pattern)


@pytest.mark.parametrize("pattern", ["durian.listener", "durian.*", "durian.#.recovered"])
def test_such_a_pattern_means_what_its_other_words_say(pattern: str) -> None:
    assert not wanted(pattern, FAILING)
    assert wants_operational(pattern)


@pytest.mark.parametrize(
    ("pattern", "event_type"),
    [
        ("#", "durians.listener.failing"),
        ("*.listener.*", "durians.listener.failing"),
        ("#", "my.durian.listener"),
        ("#.durian.#", "durian2.durian"),
    ],
)
def test_other_types_are_other_peoples(pattern: str, event_type: str) -> None:
    assert wanted(pattern, event_type)
    assert not wants_operational(pattern)
