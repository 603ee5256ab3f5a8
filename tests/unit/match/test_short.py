"""The short form, row by row."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durian.errors import InvalidFilter
from durian.match import Filter
from tests.support.filter_strategies import EXAMPLES

ROWS = [
    ("name=Joe", {"name": "Joe"}),
    ("name = Joe Smith ", {"name": "Joe Smith"}),
    ("age=18", {"age": 18}),
    ('age="18"', {"age": "18"}),
    ("age=1e3", {"age": 1000.0}),
    ("zip=0123", {"zip": "0123"}),
    ("vip=true and gone=null", {"vip": True, "gone": None}),
    ("name=", {"name": ""}),
    ("name=is:Joe", {"name": "Joe"}),
    ("name=startswith:18", {"name": {"startswith": "18"}}),
    ('name=startswith:"18 and 19"', {"name": {"startswith": "18 and 19"}}),
    ("name~joe", {"name": {"is-ignore-case": "joe"}}),
    ("name~18", {"name": {"is-ignore-case": "18"}}),
    ("name~startswith:jo", {"name": {"startswith-ignore-case": "jo"}}),
    ("name!~contains:jo", {"name": {"not": {"contains-ignore-case": "jo"}}}),
    ("name=contains-ignore-case:jo", {"name": {"contains-ignore-case": "jo"}}),
    ("name~in:a,B", {"name": {"in-ignore-case": ["a", "B"]}}),
    ("a>1 and a<=2", {"a": {"gt": 1, "lte": 2}}),
    ("a=between:1..2.5", {"a": {"between": [1, 2.5]}}),
    ("a=in:new, paid,3", {"a": {"in": ["new", "paid", 3]}}),
    ('a=in:"x,y" , new and b=1', {"a": {"in": ["x,y", "new"]}, "b": 1}),
    (
        'a=in:new,"x and y", "z)" or b=1',
        {"any-of": [{"a": {"in": ["new", "x and y", "z)"]}}, {"b": 1}]},
    ),
    ('(a=in:f(x),"1",1,)', {"a": {"in": ["f(x)", "1", 1, ""]}}),
    ("a=in:", {"a": {"in": [""]}}),
    ('a~in:"x,y",18', {"a": {"in-ignore-case": ["x,y", "18"]}}),
    ('a=anything-but:"x,y"', {"a": {"anything-but": ["x,y"]}}),
    ('a=in:["x,y",1]', {"a": {"in": ["x,y", 1]}}),
    ("a=anything-but:x,1", {"a": {"anything-but": ["x", 1]}}),
    ("email=exists:", {"email": {"exists": True}}),
    ("email=exists:false", {"email": {"missing": True}}),
    ("email=missing:", {"email": {"missing": True}}),
    ("x=like:^(a|b){2,3}$", {"x": {"like": "^(a|b){2,3}$"}}),
    (r"x=like:\) y", {"x": {"like": r"\) y"}}),
    ("(x=like:(a) or y=1)", {"any-of": [{"x": {"like": "(a)"}}, {"y": 1}]}),
    ("ip=cidr:10.0.0.0/8", {"ip": {"cidr": "10.0.0.0/8"}}),
    ("at=after:2026-01-01T00:00:00Z", {"at": {"after": "2026-01-01T00:00:00Z"}}),
    ("tags=is:[1,2]", {"tags": {"is": [1, 2]}}),
    ("not a=1", {"not": {"a": 1}}),
    ("not=1", {"\\not": 1}),
    ("not not (a=1 and b=2)", {"not": {"not": {"a": 1, "b": 2}}}),
    ("a=1 and b=2 or c=3", {"any-of": [{"a": 1, "b": 2}, {"c": 3}]}),
    ("items{sku=A and not status=sold}", {"items": {"sku": "A", "not": {"status": "sold"}}}),
    ("items{sku=A and status!=sold}", {"items": {"sku": "A", "status": {"not": "sold"}}}),
    ("=startswith:J", {"startswith": "J"}),
    ("a{=1 or >5}", {"a": {"any-of": [1, {"gt": 5}]}}),
    (r"first\ name=Joe", {"first name": "Joe"}),
    (r"a\.b=1", {"a\\.b": 1}),
    (r"\@id=1 and @id=2", {"\\@id": 1, "@id": "2"}),
    ("()", {}),
    ("before=1", {"\\before": 1}),
]


@pytest.mark.parametrize(("text", "form"), ROWS)
def test_the_short_form_reads_as_json_does(text: str, form: dict[str, object]) -> None:
    wanted = Filter.parse(form)
    assert Filter.parse_short(text) == wanted
    assert Filter.parse_short(wanted.to_short()) == wanted


@settings(max_examples=EXAMPLES)
@given(st.text(alphabet='ab1=!<>~(){}".:,\\ @[]', max_size=30) | st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        wanted = Filter.parse_short(text)
    except InvalidFilter:
        return
    assert Filter.parse_short(wanted.to_short()) == wanted
    assert Filter.parse(wanted.to_json()) == wanted


_json_like = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    "is",
                    "in",
                    "not",
                    "any-of",
                    "all-of",
                    "like",
                    "cidr",
                    "between",
                    "@x",
                    "a",
                    "a..b",
                    "",
                )
            )
            | st.text(max_size=4),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@settings(max_examples=EXAMPLES)
@given(st.dictionaries(st.text(max_size=5), _json_like, max_size=3) | _json_like)
def test_any_value_is_read_or_refused(form: object) -> None:
    try:
        wanted = Filter.parse(form)  # type: ignore[arg-type]  # anything at all
    except InvalidFilter:
        return
    assert Filter.parse(wanted.to_json()) == wanted


@settings(max_examples=EXAMPLES)
@given(st.text(alphabet='{}[]":,ab1.\\ eE+-', max_size=40))
def test_any_json_text_is_read_or_refused(text: str) -> None:
    try:
        Filter.parse(text)
    except InvalidFilter as refused:
        assert refused.field  # noqa: PT017 (both outcomes are right)
