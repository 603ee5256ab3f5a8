"""Parts of the index on their own: sets of words and expressions, literals, topics."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from durian.match.event_pattern import means
from durian.match.index import regex_sets, windows, words
from durian.match.index.literals import literals
from durian.match.index.pages import used_mappings
from durian.match.index.regex_sets import RegexSets
from durian.match.index.topics import Topics
from durian.match.index.windows import Windows
from durian.match.index.words import Words
from tests.support.filter_strategies import EXAMPLES, EXPRESSIONS, patterns, types

_texts = st.text(alphabet="ab", max_size=5).filter(bool)
_changes = st.lists(st.tuples(st.booleans(), _texts), max_size=60)


@pytest.fixture(autouse=True, scope="module")
def limits() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        for module in (words, regex_sets):
            patch.setattr(module, "_APART", 2)
            patch.setattr(module, "_LARGEST", 6)
        patch.setattr(words, "_BLOCK", 4)
        for name, limit in (("_FINE", 2), ("_COARSE", 3), ("_WIDE", 4), ("_MANY", 4)):
            patch.setattr(windows, name, limit)
        yield


@settings(max_examples=EXAMPLES)
@given(_changes, st.lists(_texts), st.text(alphabet="ab", max_size=12))
def test_words_find_what_is_in_a_text(
    changes: list[tuple[bool, str]], filled: list[str], text: str
) -> None:
    found, present = Words(), set(filled)
    found.fill(filled)
    for word in filled:
        found.want(word, word)
    for adding, word in changes:
        if adding:
            found.want(word, word)
        elif word in present:
            found.unwant(word)
        (present.add if adding else present.discard)(word)
        expected = sorted(word for word in present if word in text)
        assert sorted(each.text for each in found.find(text) if each.key) == expected
        assert found.wanted == len(present)


def _compiles(pattern: str) -> bool:
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error:
        return False
    return True


_expressions = st.sampled_from(EXPRESSIONS) | st.from_regex(r"\A[ab.?*+|^$()\[\]]{1,6}\Z").filter(
    _compiles
)


@settings(max_examples=EXAMPLES // 2)
@given(st.lists(st.tuples(st.booleans(), _expressions), max_size=25), st.text("ab", max_size=6))
def test_expressions_find_themselves_in_a_text(changes: list[tuple[bool, str]], text: str) -> None:
    found, present = RegexSets(), set()
    for adding, pattern in changes:
        if adding and pattern not in present:
            found.add(pattern)
            present.add(pattern)
        elif not adding and pattern in present:
            found.remove(pattern)
            present.discard(pattern)
    assert {each for each in found.find(text) if each in present} == {
        pattern for pattern in present if re2.search(pattern, text)
    }


LITERALS = [
    (r"word\s+[a-z]{4,8}\s+other", ("word", "other")),
    ("abc", ("abc",)),
    ("^abc$", ("abc",)),
    ("abc?", ("ab",)),
    ("abc*d", ("ab", "d")),
    ("abc+d", ("abc", "d")),
    ("ab{2}c", ("a", "c")),
    ("a{,2}b", ()),
    ("a|b", ()),
    ("x(a|b)y", ("x", "y")),
    ("x(a(b|c)d)+y", ("x", "y")),
    ("x[^]a]y", ("x", "y")),
    ("x[[:alpha:]]y", ("x", "y")),
    (r"a\.b", ("a.b",)),
    (r"a\(b\)c", ("a(b)c",)),
    (r"a\d+b", ("a", "b")),
    (r"a\x41b", ()),
    (r"a\pNb", ()),
    (r"\Qa.b\E", ()),
    ("(?i)abc", ()),
    ("(?:abc)def", ("def",)),
    ("(?P<x>abc)def", ("def",)),
    ("a(?s:.)b", ()),
    ("é+ß", ("é", "ß")),
    ("", ()),
]


@pytest.mark.parametrize(("pattern", "expected"), LITERALS)
def test_literals_of_an_expression(pattern: str, expected: tuple[str, ...]) -> None:
    assert literals(pattern) == expected


_CHARACTERS = (".", "a", "b", "ab", "c", "^", "$", "|", r"\.", r"\w", r"\(", r"\b")
_REPEATS = ("a?", "b*", "b+", "a{2}", "+?")
_GROUPS = ("(a|b)", "(?:ab)", "(a(b)?)", "[ab]", "[^a]", r"[\]a]", "(?i)")
_fragments = st.sampled_from(_CHARACTERS + _REPEATS + _GROUPS)


@settings(max_examples=EXAMPLES * 2)
@given(st.lists(_fragments, min_size=1, max_size=6).map("".join), st.text("abc.(]AB ", max_size=12))
def test_what_is_found_has_all_literals_in_their_order(pattern: str, text: str) -> None:
    if _compiles(pattern) and re2.search(pattern, text):
        at = 0
        for literal in literals(pattern):
            assert literal in text[at:], literals(pattern)
            at = text.index(literal, at) + len(literal)


@settings(max_examples=EXAMPLES)
@given(st.lists(st.tuples(st.booleans(), patterns), max_size=20), st.lists(types, max_size=4))
def test_topics_find_the_patterns_a_type_fits(
    changes: list[tuple[bool, str]], asked: list[str]
) -> None:
    topics: Topics[str] = Topics()
    present = set()
    for adding, pattern in changes:
        if adding:
            topics.put(pattern, pattern)
            present.add(pattern)
        else:
            topics.remove(pattern)
            present.discard(pattern)
        for event_type in asked:
            expected = sorted(each for each in present if means(each, event_type))
            assert sorted(topics.find(event_type)) == expected
    assert sorted(each for each, _ in topics) == sorted(present)


def test_types_are_not_remembered_without_end() -> None:
    topics: Topics[str] = Topics()
    topics.put("#", "all")
    for number in range(10_100):
        assert topics.find(f"type.{number}") == ("all",)
    assert len(topics._found) <= 10_000


def test_the_page_of_expressions_is_the_engines() -> None:
    """`re` and RE2 differ in what the page says they differ in."""
    assert re.search(r"\d", "\u0663")
    assert not re2.search(r"\d", "\u0663")
    assert re.search("a$", "a\n")
    assert not re2.search("a$", "a\n")


def test_words_that_left_make_room() -> None:
    found = Words()
    every = [f"word {number}" for number in range(100)]
    for word in every:
        found.want(word, word)
    for word in every[:-1]:
        found.unwant(word)
    # Of those that left, the last few may still be named: nobody wants them.
    named = found.find(" ".join(every))
    assert [word.text for word in named if word.key] == ["word 99"]
    assert len(named) < 6


def test_expressions_that_left_make_room() -> None:
    found = RegexSets()
    every = [f"[a{number}]b" for number in range(100)]
    for pattern in every:
        found.add(pattern)
    for pattern in every[:-1]:
        found.remove(pattern)
    assert every[-1] in found.find("ab")
    assert len(found.find("ab")) < 6


_numbers = st.integers(-6, 6) | st.sampled_from((0.5, -2.5, 2**53 + 1, -(10**400), 1e300))
_ranges = st.tuples(_numbers, _numbers, st.sampled_from("abc"))


@settings(max_examples=EXAMPLES)
@given(st.lists(st.tuples(st.sampled_from(("add", "remove", "compact")), _ranges), max_size=60))
def test_windows_find_the_ranges_that_hold_a_number(
    changes: list[tuple[str, tuple[float, float, str]]],
) -> None:
    """Who is there twice is found twice where both ranges hold the number."""
    found, present = Windows(), list[tuple[float, float, str]]()
    for verb, each in changes:
        if verb == "compact":
            found.compact()
        elif verb == "add" and found.add(each):
            present.append(each)
        elif verb == "remove" and each in present:
            found.remove(each)
            present.remove(each)
        for number in (-(10**400), -2.5, -1, 0, 0.5, 3, 5.5, 2**53, 2**53 + 1, 1e300, math.inf):
            hits: list[Any] = []
            found.find(number, hits)
            assert sorted(hits) == sorted(
                item for low, high, item in present if low <= number < high
            )


SMAPS = """\
55a000000000-55a000400000 rw-p 00000000 00:00 0                          [heap]
Size:               4096 kB
Rss:                4000 kB
7f0000000000-7f0000400000 rw-p 00000000 00:00 0
Rss:                2048 kB
7f1000000000-7f1000400000 rw-p 00000000 00:00 0
Rss:                4096 kB
7f2000000000-7f2000400000 rw-p 00000000 08:01 77                         /lib/with space.so
Rss:                4096 kB
7f3000000000-7f3000400000 r--p 00000000 00:00 0
Rss:                4096 kB
7f4000000000-7f4000400000 rw-p 00000000 00:00 0                          [stack]
Rss:                4096 kB
VmFlags: rd wr mr mw
"""


def test_large_pages_are_for_own_memory_that_is_in_use() -> None:
    assert list(used_mappings(SMAPS)) == [
        (0x55A000000000, 0x55A000400000),
        (0x7F1000000000, 0x7F1000400000),
    ]
