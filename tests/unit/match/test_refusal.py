"""What cannot be understood is refused with its path, a reason and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from durian.errors import InvalidFilter, InvalidListener
from durian.match import AnythingBut, Before, Between, Filter, In, Is, Like, check_event_pattern

JSON: list[tuple[Any, str, str]] = [
    ("[]", "filter", "not a JSON object"),
    ("{", "filter", "not valid JSON"),
    ('{"a": NaN}', "filter", "NaN"),
    ('{"a": 1, "a": 2}', "a", "twice"),
    ('{"a": "\\ud800"}', "a", "surrogate"),
    ({"name": {"startwith": "J"}}, "name.startwith", "no matcher"),
    ({"name": ["a"]}, "name", "bare array"),
    ({"name": {"like": "("}}, "name.like", "missing )"),
    ({"name": {"like": "(?=a)"}}, "name.like", "invalid perl operator"),
    ({"name": {"like": "a" * 513}}, "name.like", "513, the limit is 512"),
    ({"name": {"like": "(a{1,100}){1,10}b{900}"}}, "name.like", "the limit is 2000"),
    ({"name": {"like": 5}}, "name.like", "takes a string"),
    ({"name": {"startswith": 5}}, "name.startswith", "takes a string"),
    ({"name": {"startswith": "a" * 1025}}, "name.startswith", "1025, the limit is 1024"),
    ({"before": {"a": 1}}, "before", "takes an RFC 3339 time"),
    ({"x": {"after": "2026-01-01"}}, "x.after", "takes an RFC 3339 time"),
    ({"a": {"gt": "1"}}, "a.gt", "takes a number"),
    ({"a": {"gt": True}}, "a.gt", "takes a number"),
    ({"a": {"between": [2, 1]}}, "a.between", "greater"),
    ({"a": {"between": [1]}}, "a.between", "takes two numbers"),
    ({"a": {"in": []}}, "a.in", "at least one"),
    ({"a": {"in": [[1]]}}, "a.in", "not a string, number"),
    ({"a": {"in": "x"}}, "a.in", "takes an array"),
    ({"a": {"in-ignore-case": [1]}}, "a.in-ignore-case", "not a string"),
    ({"a": {"is-ignore-case": 1}}, "a.is-ignore-case", "takes a string"),
    ({"a": {"cidr": "10.0.0.1/8"}}, "a.cidr", "host bits"),
    ({"a": {"cidr": 10}}, "a.cidr", "takes a string"),
    ({"a": {"wildcard": "a**"}}, "a.wildcard", "two stars"),
    ({"a": {"wildcard": "a\\b"}}, "a.wildcard", "backslash"),
    ({"a": {"any": False}}, "a.any", "takes true"),
    ({"a": {"exists": 1}}, "a.exists", "takes true or false"),
    ({"a": {"anything-but": [[1]]}}, "a.anything-but", "no value or matcher"),
    ({"a": {"anything-but": [{"b": 1}]}}, "a.anything-but", "not one matcher"),
    ({"any-of": []}, "any-of", "at least one"),
    ({"all-of": {}}, "all-of", "takes an array"),
    ({"a": {"any-of": [1, [2]]}}, "a.any-of[1]", "bare array"),
    ({"a.": 1}, "a.", "empty name"),
    ({"@": 1}, "@", "name of an attribute"),
    ({".".join("a" * 65): 1}, ".".join("a" * 65), "65 members deep, the limit is 64"),
    ({"a": {"in": list(range(513))}}, "filter", "513, the limit is 512"),
    ({str(at): "x" * 1000 for at in range(20)}, "filter", "the limit is 16384"),
    ({5: 1}, "filter", "where a name should be"),
    ({"a": object()}, "a", "which JSON cannot"),
    ({"a": float("inf")}, "a", "finite"),
]


@pytest.mark.parametrize(("form", "field", "reason"), JSON)
def test_a_bad_filter_is_refused_by_path(form: Any, field: str, reason: str) -> None:
    with pytest.raises(InvalidFilter) as caught:
        Filter.parse(form)
    assert caught.value.field == field
    assert reason in caught.value.reason


def test_depth_is_limited() -> None:
    form: dict[str, Any] = {"a": 1}
    for _ in range(130):
        form = {"not": form}
    with pytest.raises(InvalidFilter, match="the limit is 128"):
        Filter.parse(form)
    with pytest.raises(InvalidFilter, match="the limit is 128"):
        Filter.parse_short("(" * 200 + "a=1" + ")" * 200)


SHORT = [
    ("", "is not a condition"),
    ("name", "is not a condition"),
    ("name=startwith:J", "no matcher 'startwith'"),
    ("url=http://x", "no matcher 'http'"),
    ("name~like:a", "ignores case"),
    ("age>=x", "takes a number"),
    ("a=like:(", "missing )"),
    ("(a=1", "lacks a closing )"),
    ("a{b=1", "lacks a closing }"),
    ("a=1) b", "not expected here"),
    ("a=in:[1", "not valid JSON"),
    ("a=1 and", "is not a condition"),
    ("{=1}", "is not a condition"),
    ("a.=1", "empty name"),
]


@pytest.mark.parametrize(("text", "reason"), SHORT)
def test_a_bad_short_form_is_refused(text: str, reason: str) -> None:
    if text == "a=1 and":
        # Nothing follows, so it is no joint: it is text.
        assert Filter.parse_short(text) == Filter(a="1 and")
        return
    with pytest.raises(InvalidFilter) as caught:
        Filter.parse_short(text)
    assert reason in str(caught.value)


def test_matchers_refuse_by_their_word() -> None:
    for make in (
        lambda: Like("["),
        lambda: In(ignore_case=True),
        lambda: Between(3, 1),
        lambda: Before("now"),
        lambda: AnythingBut([1]),
        lambda: Is(1, ignore_case=True),
    ):
        with pytest.raises(InvalidFilter):
            make()


def test_an_attribute_within_a_field_is_refused() -> None:
    with pytest.raises(InvalidFilter, match="attribute within a field"):
        Filter(a=Filter({"@source": "x"}))


@pytest.mark.parametrize("pattern", ["", "a b", "a*", "#.b#", "x" * 256, "a\n"])
def test_a_bad_event_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidListener) as caught:
        check_event_pattern(pattern)
    assert caught.value.field == "event"


@pytest.mark.parametrize("pattern", ["a", "a.b", "*", "#", "a.*.#", "com.example.Person"])
def test_a_good_event_pattern_is_given_back(pattern: str) -> None:
    assert check_event_pattern(pattern) == pattern
