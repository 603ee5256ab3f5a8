"""EventBridge patterns, operator by operator."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from durian.errors import InvalidFilter
from durian.events import Event
from durian.match.dialects import from_eventbridge

ROWS: list[tuple[Any, list[Any], list[Any]]] = [
    # pattern of the field `a`, values that match, values that do not
    (["x"], ["x", ["y", "x"]], ["X", None, [], {"x": 1}, ["y"]]),
    (["x", 1, None, True, ""], ["x", 1, 1.0, None, True, ""], ["1", False, 0]),
    ([{"prefix": "ab"}], ["ab", "abc", ["x", "ab"]], ["Ab", 1, "ba"]),
    ([{"prefix": {"equals-ignore-case": "ab"}}], ["AbC"], ["bab"]),
    ([{"suffix": ".png"}], ["x.png"], ["x.PNG", None]),
    ([{"suffix": {"equals-ignore-case": ".png"}}], ["x.PNG"], ["png"]),
    ([{"equals-ignore-case": "joe"}], ["JOE"], ["joey", 1]),
    ([{"wildcard": "a*c"}], ["ac", "abc"], ["ab", "xac"]),
    ([{"numeric": ["=", 5]}], [5, 5.0], ["5", 6]),
    ([{"numeric": [">", 0, "<=", 5]}], [1, 5, [9, 3]], [0, 6, True, [9, -1]]),
    ([{"cidr": "10.0.0.0/24"}], ["10.0.0.255"], ["10.0.1.0", "x"]),
    ([{"cidr": "2001:db8::/32"}], ["2001:db8::1"], ["::1"]),
    ([{"exists": True}], [1, None, "", [1]], [[], {"b": 1}]),
    ([{"exists": False}], [[], {"b": 1}], [1, None]),
    ([{"anything-but": "x"}], ["y", 1, None, ["x", "y"]], ["x", ["x"], [], {"x": 1}]),
    ([{"anything-but": ["x", "y"]}], ["z"], ["x", "y"]),
    ([{"anything-but": [1, 2]}], [3, "1"], [1, 2.0]),
    ([{"anything-but": {"prefix": "a"}}], ["b", 1], ["ab"]),
    ([{"anything-but": {"suffix": ["a", "b"]}}], ["c"], ["xa", "xb"]),
    ([{"anything-but": {"equals-ignore-case": ["joe"]}}], ["jo"], ["JOE"]),
    ([{"anything-but": {"wildcard": "*x*"}}], ["y"], ["axb"]),
    (["x", {"exists": False}], ["x", []], ["y"]),
]


@pytest.mark.parametrize(("leaf", "fitting", "others"), ROWS)
def test_an_operator_decides_as_eventbridge_has_it(
    leaf: Any, fitting: list[Any], others: list[Any]
) -> None:
    wanted = from_eventbridge({"a": leaf}, envelope=False)
    for value in fitting:
        assert wanted.matches(Event(type="t", data={"a": value})), value
    for value in others:
        assert not wanted.matches(Event(type="t", data={"a": value})), value


def test_absence_is_of_the_whole_event() -> None:
    wanted = from_eventbridge({"items": {"gone": [{"exists": False}]}}, envelope=False)
    assert wanted.matches(Event(type="t", data={}))
    assert wanted.matches(Event(type="t", data={"items": [{"sku": 1}]}))
    assert not wanted.matches(Event(type="t", data={"items": [{"sku": 1}, {"gone": 1}]}))


def test_fields_of_one_array_must_match_in_one_element() -> None:
    form = {"items": {"sku": ["A"], "$or": [{"qty": [2]}, {"vip": [True]}]}}
    wanted = from_eventbridge(form, envelope=False)
    assert wanted.matches(Event(type="t", data={"items": [{"sku": "B"}, {"sku": "A", "qty": 2}]}))
    apart = {"items": [{"sku": "A"}, {"sku": "B", "qty": 2, "vip": True}]}
    assert not wanted.matches(Event(type="t", data=apart))


def test_the_envelope_is_ours() -> None:
    form = {
        "source": ["shop"],
        "detail-type": [{"prefix": "order."}],
        "region": ["eu"],
        "detail": {"state": ["paid"], "total": [{"numeric": [">", 10]}]},
        "$or": [{"account": ["1"]}, {"id": ["e1"]}],
    }
    wanted = from_eventbridge(json.dumps(form))
    data = {"state": "paid", "total": 11}
    event = Event(type="order.paid", source="shop", id="e1", extensions={"region": "eu"}, data=data)
    assert wanted.matches(event)
    assert not wanted.matches(Event(type="order.paid", source="shop", data=data))


REFUSED: list[tuple[Any, str, str]] = [
    ("{", "pattern", "not valid JSON"),
    ("[]", "pattern", "at least one field"),
    ({}, "pattern", "at least one field"),
    ({"a": "x"}, "a", "array of at least one value"),
    ({"a": []}, "a", "array of at least one value"),
    ({"a": {}}, "a", "at least one field"),
    ({"a": {"b": [{"regex": "x"}]}}, "a.b[0].regex", "not an operator"),
    ({"a": [{"prefix": 1}]}, "a[0].prefix", "takes a string"),
    ({"a": [["x"]]}, "a[0]", "neither"),
    ({"a": [{"wildcard": "**"}]}, "a[0].wildcard", "two stars"),
    ({"a": [{"numeric": [">"]}]}, "a[0].numeric", "comparisons"),
    ({"a": [{"numeric": ["!", 1]}]}, "a[0].numeric", "no comparison"),
    ({"a": [{"numeric": [">", "1"]}]}, "a[0].numeric", "no number"),
    ({"a": [math.inf]}, "a[0]", "not a finite number"),
    ({"a": [{"numeric": [">", math.inf]}]}, "a[0].numeric", "not a finite number"),
    ({"a": [{"anything-but": [math.nan]}]}, "a[0].anything-but", "not a finite number"),
    ({"a": [{"prefix": "\ud800"}]}, "a[0].prefix", "lone surrogate"),
    ({"\ud800": ["x"]}, "filter", "what JSON cannot"),
    ({"a": [{"cidr": "x"}]}, "a[0].cidr", "does not appear"),
    ({"a": [{"exists": 1}]}, "a[0].exists", "true or false"),
    ({"a": [{"anything-but": ["x", 1]}]}, "a[0].anything-but", "strings or numbers"),
    ({"a": [{"anything-but": {"cidr": "::/0"}}]}, "a[0].anything-but", "takes one of"),
    ({"$or": [{"a": [1]}]}, "$or", "at least two"),
]


@pytest.mark.parametrize(("form", "field", "reason"), REFUSED)
def test_what_is_no_pattern_is_refused_by_path(form: Any, field: str, reason: str) -> None:
    with pytest.raises(InvalidFilter) as caught:
        from_eventbridge(form, envelope=False)
    assert caught.value.field == field
    assert reason in caught.value.reason


def test_what_our_envelope_lacks_is_refused() -> None:
    with pytest.raises(InvalidFilter) as caught:
        from_eventbridge({"resources": ["arn"]})
    assert caught.value.field == "resources"
    with pytest.raises(InvalidFilter, match="not an object"):
        from_eventbridge({"detail": ["x"]})


def test_choices_do_not_multiply_without_end() -> None:
    form = {f"f{at}": ["x", {"exists": False}] for at in range(10)}
    with pytest.raises(InvalidFilter, match="the limit is 100"):
        from_eventbridge(form, envelope=False)
