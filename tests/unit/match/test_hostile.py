"""What is made to hang a router does not: unkind expressions, and very large events.

Time is the process's own processor time: a busy machine is no failure.
"""

from __future__ import annotations

import itertools
import time

import pytest

from durian.events import Event
from durian.match import Filter, Index
from durian.match.limits import MAX_SEARCHED

#: Seconds that one event may take. The nightly figure is 50 ms; this leaves room for slow machines.
PATIENCE_S = 0.5

UNKIND = (
    "(a+)+$",
    "(a|aa)+$",
    "(a|a?)+b",
    "([a-zA-Z]+)*$",
    "(x+x+)+y",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "(.*a){12}",
    "(a*)*b",
)
MIB = 2**20


def spent_s(index: Index, event: Event) -> float:
    index.match(event)  # what is made when it is first needed
    start = time.process_time()
    index.match(event)
    return time.process_time() - start


@pytest.mark.parametrize("text", ["a" * 40 + "!", "a" * MIB, "ab" * (MIB // 2), "x" * MIB])
def test_one_unkind_expression_takes_no_time(text: str) -> None:
    for pattern in UNKIND:
        index = Index()
        index.add("a", "#", Filter.parse({"text": {"like": pattern}}))
        assert spent_s(index, Event(type="t", data={"text": text[: MIB - 20]})) < 0.05 + PATIENCE_S


def test_ten_thousand_of_them_do_neither() -> None:
    index = Index()
    rows = (
        (f"l{number}", "#", '{"text": {"like": "%s"}}' % (pattern.replace("$", "") + f"{number}?$"))
        for number, pattern in zip(range(10_000), itertools.cycle(UNKIND), strict=False)
    )
    assert index.load(rows) == {}
    for text in ("a" * 40 + "!", "a" * (MIB - 20), "the quick brown fox " * 50_000):
        assert spent_s(index, Event(type="t", data={"text": text})) < PATIENCE_S


def test_only_the_head_of_a_string_is_searched() -> None:
    wanted = Filter.parse({"text": {"like": "needle"}})
    index = Index()
    index.add("a", "#", wanted)
    for before, expected in ((MAX_SEARCHED - 6, True), (MAX_SEARCHED - 5, False)):
        event = Event(type="t", data={"text": "x" * before + "needle"})
        assert wanted.matches(event) is expected
        assert (list(index.match(event)) == ["a"]) is expected


def test_all_of_a_string_is_searched_for_texts() -> None:
    index = Index()
    for number in range(200):
        index.add(f"l{number}", "#", Filter.parse({"text": {"contains": f"needle {number}."}}))
    text = "hay " * 100_000 + "needle 150." + " hay" * 100_000
    event = Event(type="t", data={"text": text})
    assert list(index.match(event)) == ["l150"]
    assert spent_s(index, event) < PATIENCE_S


def test_a_needle_on_the_edge_of_two_blocks_is_found() -> None:
    index = Index()
    for number in range(100):
        index.add(f"l{number}", "#", Filter.parse({"text": {"contains": f"needle {number}."}}))
    for at in range(16 * 1024 - 12, 16 * 1024 + 2):
        text = "x" * at + "needle 42." + "x" * 20_000
        assert list(index.match(Event(type="t", data={"text": text}))) == ["l42"]


def test_arrays_do_not_multiply() -> None:
    """Three arrays of a thousand elements have a billion ways to choose from them."""
    index = Index()
    index.add("a", "#", Filter.parse({"a": 999, "b": 998, "c": 997}))
    index.add("b", "#", Filter.parse({"a": 999, "b": 998, "c": 1000}))
    index.add("c", "#", Filter.parse({"a": 1}))
    numbers = list(range(1000))
    event = Event(type="t", data={"a": numbers, "b": numbers, "c": numbers})
    assert sorted(index.match(event)) == ["a", "c"]
    assert spent_s(index, event) < PATIENCE_S


def test_a_type_of_many_words_meets_patterns_of_many_hashes() -> None:
    index = Index()
    index.add("a", ".".join(["#", "a"] * 60), Filter())
    index.add("b", ".".join(["#", "b"] * 60), Filter())
    event = Event(type=".".join("a" * 120), data={})
    assert list(index.match(event)) == ["a"]
    assert spent_s(index, event) < PATIENCE_S
