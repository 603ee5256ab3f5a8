"""Matchers on single values, where the truth table on the page is not fine enough."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from durian.errors import InvalidFilter, MissingExtra
from durian.match import (
    MISSING,
    After,
    AnythingBut,
    Before,
    Between,
    Cidr,
    Contains,
    Endswith,
    Gt,
    In,
    Is,
    Like,
    Lt,
    Startswith,
    Wildcard,
)
from durian.match.matchers import expression
from durian.match.matchers.times import instant_ns

ROWS: list[tuple[Any, list[Any], list[Any]]] = [
    # matcher, values that fit, values that do not
    (Is(1), [1, 1.0], [True, "1", None, MISSING]),
    (Is(2**53 + 1), [2**53 + 1], [float(2**53)]),
    (Is([1, {"a": True}]), [[1.0, {"a": True}]], [[1, {"a": 1}], [1], []]),
    (Is({"a": 1, "b": 2}), [{"b": 2, "a": 1.0}], [{"a": 1}, {"a": 1, "b": 2, "c": 3}]),
    (Is("STRASSE", ignore_case=True), ["Straße", "strasse"], ["strase", 1]),
    (In("a", 1, None), ["a", 1.0, None], [True, "1", MISSING]),
    (In("a", "B", ignore_case=True), ["A", "b"], ["c", 1, None]),
    (AnythingBut(), [0, None, ""], [MISSING, [], {}]),
    (AnythingBut("a", Startswith("b"), Gt(5)), ["c", 5, True], ["a", "bc", 6]),
    (Startswith("ST", ignore_case=True), ["straße"], ["s", 1]),
    (Endswith("SSE", ignore_case=True), ["straße"], ["s"]),
    (Contains("SS", ignore_case=True), ["straße"], ["s"]),
    (Wildcard("a*b*c"), ["abc", "axxbyyc", "abcbc"], ["ab", "abcd", "xabc", 1]),
    (Wildcard("ab*ba"), ["abba", "abxba"], ["aba"]),
    (Wildcard("*a*a*"), ["aa", "xaxax"], ["a", "xax"]),
    (Wildcard(r"a\*\\*"), ["a*\\", "a*\\x"], ["ab"]),
    (Wildcard("A*", ignore_case=True), ["abc"], ["bc"]),
    (Between(1, 2), [1, 2.0, 1.5], [0, 3, True, "1"]),
    (Gt(10**400), [10**400 + 1], [1e308, 10**400]),
    (Lt(0), [-0.5], [0, -0.0, False]),
    (Like("^a.c$"), ["abc", "aéc"], ["abcd", "ABC", 1]),
    (Cidr("10.0.0.0/8"), ["10.1.2.3"], ["11.0.0.0", "10.1.2", "010.0.0.1", "::ffff:10.0.0.1", 1]),
    (Cidr("2001:db8::/32"), ["2001:db8::1", "2001:DB8::"], ["::1", "2001:db8::1%eth0"]),
    (Cidr("10.0.0.1"), ["10.0.0.1"], ["10.0.0.2"]),
    (Before("2026-01-01T00:00:00Z"), ["2025-12-31T23:59:59.999999999Z"], ["2026-01-01T00:00:00Z"]),
    (After("2026-01-01T00:00:00Z"), ["2026-01-01T01:00:01+01:00"], ["2026-01-01T01:00:00+01:00"]),
]


@pytest.mark.parametrize(("matcher", "fitting", "others"), ROWS)
def test_a_matcher_decides(matcher: Any, fitting: list[Any], others: list[Any]) -> None:
    for value in fitting:
        assert matcher.accepts(value), value
    for value in others:
        assert not matcher.accepts(value), value


TIMES = [
    "2026-01-01",
    "2026-01-01T00:00:00",
    "2026-01-01 00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:61Z",
    "2026-01-01T00:00:00+24:00",
    "2026-01-01T00:00:00+00:60",
    "2026-01-01T00:00:00.Z",
    "\u0662026-01-01T00:00:00Z",
    "",
]


@pytest.mark.parametrize("text", TIMES)
def test_what_is_no_time_is_neither_before_nor_after(text: str) -> None:
    assert instant_ns(text) is None
    assert not Before("9999-12-31T00:00:00Z").accepts(text)
    assert not After("0001-01-01T00:00:00Z").accepts(text)


def test_a_leap_second_is_the_next_minute() -> None:
    assert instant_ns("2016-12-31T23:59:60Z") == instant_ns("2017-01-01T00:00:00Z")


def test_times_are_taken_from_python() -> None:
    moment = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert Before(moment) == Before("2026-01-01T00:00:00Z")
    assert After(datetime(2026, 1, 1, tzinfo=UTC)).argument() == "2026-01-01T00:00:00Z"
    with pytest.raises(InvalidFilter, match="with its zone"):
        Before(datetime(2026, 1, 1))  # noqa: DTZ001 (it is to be refused)


def test_equality_of_matchers_is_that_of_json() -> None:
    assert Is(1) == Is(1.0)
    assert hash(Is(1)) == hash(Is(1.0))
    assert Is(1) != Is(True)  # noqa: FBT003 (a JSON value)
    assert Is("a") != Is("a", ignore_case=True)
    assert Is("a") != "a"
    assert In("a", 1) == In("a", 1.0)


def test_without_the_engine_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "re2", None)
    expression.compile_expression.cache_clear()
    with pytest.raises(MissingExtra, match="router"):
        Like("never compiled before")
