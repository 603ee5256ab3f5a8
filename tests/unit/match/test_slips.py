"""What people plainly get wrong in the short form is refused, and can be meant by quoting it."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durian.errors import InvalidFilter
from durian.match import Contains, Endswith, Filter, In, Is, Like, Not
from tests.support.filter_strategies import EXAMPLES

#: The text, the path that the error names, what it says to write, and how JSON says the same.
SLIPS: list[tuple[str, str, str, dict[str, object]]] = [
    ("name==Joe", "name", "name=Joe", {"name": "Joe"}),
    ("name === Joe", "name", "name=Joe", {"name": "Joe"}),
    ("age => 3", "age", "age>=3", {"age": {"gte": 3}}),
    ("age=<3", "age", "age<=3", {"age": {"lte": 3}}),
    ("age>==3", "age", "age>=3", {"age": {"gte": 3}}),
    ("age<>3", "age", "age!=3", {"age": {"not": 3}}),
    ("age!==3", "age", "age!=3", {"age": {"not": 3}}),
    ("name=!Joe", "name", "name!=Joe", {"name": {"not": "Joe"}}),
    ("name~=J.*", "name", "name=like:J.*", {"name": {"like": "J.*"}}),
    ("name=~^J", "name", "name=like:^J", {"name": {"like": "^J"}}),
    ("name=~'^J'", "name", 'name=like:"^J"', {"name": {"like": "^J"}}),
    ("name!~=J.*", "name", "name!=like:J.*", {"name": {"not": {"like": "J.*"}}}),
    ("==Joe", "filter", "=Joe", {"is": "Joe"}),
    ("vip==True", "vip", "vip=true", {"vip": True}),
    ("name=='Joe'", "name", 'name="Joe"', {"name": "Joe"}),
    ("name='Joe'", "name", 'name="Joe"', {"name": "Joe"}),
    ("name='J\"oe'", "name", r'name="J\"oe"', {"name": 'J"oe'}),
    ("name=\u201cJoe\u201d", "name", 'name="Joe"', {"name": "Joe"}),
    ("name=startswith:'J'", "name", 'name=startswith:"J"', {"name": {"startswith": "J"}}),
    (r"name=like:'\d+'", "name", r'name=like:"\\d+"', {"name": {"like": r"\d+"}}),
    ("name=in:a,'b'", "name", 'name=in:a,"b"', {"name": {"in": ["a", "b"]}}),
    ("name=in:'a b', 'c'", "name", 'name=in:"a b", "c"', {"name": {"in": ["a b", "c"]}}),
    ("name=in:'a', O'Hara", "name", 'name=in:"a", O\'Hara', {"name": {"in": ["a", "O'Hara"]}}),
    ("name=startswith=J", "name", "name=startswith:J", {"name": {"startswith": "J"}}),
    ('name=Startswith("J")', "name", 'name=startswith:"J"', {"name": {"startswith": "J"}}),
    ("name~Contains('J')", "name", 'name~contains:"J"', {"name": {"contains-ignore-case": "J"}}),
    ("name=in('a', 'b')", "name", 'name=in:"a", "b"', {"name": {"in": ["a", "b"]}}),
    ("age=between(1, 5)", "age", "age=between:1..5", {"age": {"between": [1, 5]}}),
    ("age=Exists()", "age", "age=exists:", {"age": {"exists": True}}),
    ("name!=starts_with:J", "name", "name!=startswith:J", {"name": {"not": {"startswith": "J"}}}),
    ("name=startwith:J", "name", "name=startswith:...", {"name": {"startswith": "J"}}),
    ("name~startwith:J", "name", "name~startswith:...", {"name": {"startswith-ignore-case": "J"}}),
    ("x__startswith=J", "x__startswith", "x=startswith:...", {"x": {"startswith": "J"}}),
    ("age__gte=18", "age__gte", "age=gte:...", {"age": {"gte": 18}}),
    ("x__iexact=j", "x__iexact", "x=is-ignore-case:...", {"x": {"is-ignore-case": "j"}}),
    ("name=J*", "name", "name=wildcard:J*", {"name": {"wildcard": "J*"}}),
    ("name==J*", "name", "name=wildcard:J*", {"name": {"wildcard": "J*"}}),
    ("name~*J", "name", "name~wildcard:*J", {"name": {"wildcard-ignore-case": "*J"}}),
    ("name=J.*", "name", "name=like:J.*", {"name": {"like": "J.*"}}),
    ("name!=J.*", "name", "name!=like:J.*", {"name": {"not": {"like": "J.*"}}}),
    ("name~J.*", "name", "name=like:(?i)J.*", {"name": {"like": "(?i)J.*"}}),
    ("name!~J.*", "name", "name!=like:(?i)J.*", {"name": {"not": {"like": "(?i)J.*"}}}),
    ("name=*", "name", "name=exists:", {"name": {"exists": True}}),
    ("name!=*", "name", "name!=exists:", {"name": {"not": {"exists": True}}}),
    ("name~*", "name", "name=exists:", {"name": {"exists": True}}),
    ("@type=order.*", "@type", "@type=wildcard:order.*", {"@type": {"wildcard": "order.*"}}),
    ("vip=True", "vip", "vip=true", {"vip": True}),
    ("gone=None", "gone", "gone=null", {"gone": None}),
]  # fmt: skip

#: What is refused without a whole condition to write: the text, the path, and words of the error.
REFUSED = [
    ('name=in:a,"b" c', "name", 'Close it by "'),
    ('name=in:a,"b', "name", 'Close it by "'),
    ('name=in:"a" AND age>3', "name", 'Close it by "'),
    ('name="Joe', "name", 'Close it by "'),
    (r'name=like:"\d+"', "name", "double each backslash"),
    ("name='Joe and Ann'", "name='Joe and Ann'", 'Put " around text that holds ` and `'),
    ("name=Joe AND age>3", "name", "Join conditions by ` and `"),
    ("name=Joe AND (age > 3 OR vip=true)", "name", "looks like another condition"),
    ("name=startswith:J OR age>3", "name", "'age>3' looks like another condition"),
    ("name=like:^J && age>3", "name", "'age>3' looks like another condition"),
    ("name=startswith=J AND age>3", "name", "'age>3' looks like another condition"),
    ("age>3 || vip=true", "age", "'vip=true' looks like another condition"),
    ('name="Joe" AND age>3', "AND age>3", "was not expected here. Write conditions"),
    ('(name="Joe" && age>3)', "&& age>3)", "was not expected here. Write conditions"),
    ("items{sku=A && qty>2}", "sku", "'qty>2' looks like another condition"),
    ("name=Joe&&vip=true", "name", "'vip=true' looks like another condition"),
    ("name=Joe age<=3", "name", "'age<=3' looks like another condition"),
    ("name=Joe,vip!=true", "name", "'vip!=true' looks like another condition"),
    ("name=Joe, age>3", "name", "'age>3' looks like another condition"),
    ("name=Joe @source=/eu", "name", "'@source=/eu' looks like another condition"),
    ("$.name=Joe", "$.name", "Write name."),
    ("@data.name=Joe", "@data.name", "written without @"),
    ("name=*" + "x" * 200, "name", 'Put " around it if it is the text itself.'),
]


@pytest.mark.parametrize(("text", "field", "meant", "form"), SLIPS, ids=[row[0] for row in SLIPS])
def test_what_a_slip_is_said_to_mean_reads_as_that(
    text: str, field: str, meant: str, form: dict[str, object]
) -> None:
    with pytest.raises(InvalidFilter) as caught:
        Filter.parse_short(text)
    assert caught.value.field == field
    assert re.search(rf" {re.escape(meant)}[.,? ]", caught.value.advice)
    # Where the error cannot know the argument, it has dots for it.
    meant = meant.replace("...", re.split("[=:]", text)[-1])
    assert Filter.parse_short(meant) == Filter.parse(form)


@pytest.mark.parametrize(("text", "field", "words"), REFUSED, ids=[text for text, *_ in REFUSED])
def test_what_can_hardly_be_meant_is_refused_by_its_path(text: str, field: str, words: str) -> None:
    with pytest.raises(InvalidFilter) as caught:
        Filter.parse_short(text)
    assert caught.value.field == field
    assert words in str(caught.value)


def test_a_number_is_not_said_to_be_a_text() -> None:
    for text in ("age<>3", "age>==3", "age>3 AND vip=true"):
        with pytest.raises(InvalidFilter) as caught:
            Filter.parse_short(text)
        assert '"' not in caught.value.advice


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("name=O'Brien", "O'Brien"),
        ("name=a*b", "a*b"),
        ("name=none", "none"),
        ("query=a=1&b=2", "a=1&b=2"),
        ("name=R&B", "R&B"),
        ("kind=text/html; charset=utf-8", "text/html; charset=utf-8"),
        ("name=Joe Bow <joe@example.com>", "Joe Bow <joe@example.com>"),
        ("name=from a->b", "from a->b"),
        ("name=in stock", "in stock"),
        ("type=application/json; charset=utf-8", "application/json; charset=utf-8"),
        ("dn=cn=Joe,dc=example", "cn=Joe,dc=example"),
        ("uri=/a;b=c", "/a;b=c"),
        ("query=a=b && c=d", "a=b && c=d"),
        ("title=Terms AND Conditions", "Terms AND Conditions"),
        ("title=Contains: nuts", "Contains: nuts"),
        ("title=Mission: Impossible", "Mission: Impossible"),
        ("title=Large orders > 100", "Large orders > 100"),
        ("title=in about ~5 days", "in about ~5 days"),
        ("title=maps a => b", "maps a => b"),
        ("body=<b>hi</b>", "<b>hi</b>"),
        ("body=<Joe>", "<Joe>"),
        ("city='s-Hertogenbosch", "'s-Hertogenbosch"),
        ("home=~/bin", "~/bin"),
        ("rule======", "====="),
        ("name=Tom & Ann, Bo", "Tom & Ann, Bo"),
    ],
)
def test_a_text_that_is_no_plain_slip_needs_no_quotes(text: str, value: str) -> None:
    path = text.partition("=")[0]
    assert Filter.parse_short(text) == Filter({path: value})


def test_behind_a_word_a_joint_is_text_where_no_condition_follows() -> None:
    wanted = Filter.parse_short(
        "a=contains:Terms AND Conditions and b=like:a || b and c=like:x=1 && y=2"
    )
    assert wanted == Filter(
        a=Contains("Terms AND Conditions"), b=Like("a || b"), c=Like("x=1 && y=2")
    )


#: Texts that the short form reads as something else, or refuses, unless they are quoted.
ODD = (
    "=Joe", "> 3", "'Joe'", '"Joe"', "a and b", "a AND b", "a)", "J*", "*", "True", "NULL",
    "startswith=J", "in:a", "a, b=1", "$.x", "@x", "\\d", "", " ", "[1]", "{",
)  # fmt: skip
texts = st.sampled_from(ODD) | st.text("ab ANDor=*'\"()&|<~$.@", max_size=12)


@pytest.mark.parametrize("value", ODD)
def test_any_text_can_be_meant_by_quoting_it(value: str) -> None:
    assert Filter.parse_short(f"name={json.dumps(value)}") == Filter(name=value)
    assert Filter.parse_short(f"name=endswith: {json.dumps(value)}") == Filter(name=Endswith(value))


@settings(max_examples=EXAMPLES)
@given(texts, texts)
def test_what_is_written_is_never_taken_for_a_slip(one: str, other: str) -> None:
    field = {"".join("\\" + letter for letter in one) or "a": Not(In(one, other))}
    wanted = Filter(a=field, b=Endswith(other), c=Is([one, {"x": other}]), d=one, e=Like("a{2}"))
    assert Filter.parse_short(wanted.to_short()) == wanted


def test_a_member_named_dollar_is_written_with_a_backslash() -> None:
    wanted = Filter({"$": {"name": "Joe"}})
    assert wanted.to_short() == r"\$.name=Joe"
    assert Filter.parse_short(wanted.to_short()) == wanted


def test_a_field_named_as_a_lookup_of_djangos_is_written_with_a_backslash() -> None:
    wanted = Filter({"name__startswith": "J", "b": {"in__range": 1}})
    assert wanted.to_short() == r"\name__startswith=J and \b.in__range=1"
    assert Filter.parse_short(wanted.to_short()) == wanted


def test_a_lookup_of_djangos_is_no_keyword_of_a_filter() -> None:
    with pytest.raises(InvalidFilter, match="name__iexact: is a lookup of Django's") as caught:
        Filter(name__iexact="joe")
    assert '{"name": {"is-ignore-case": ...}}' in str(caught.value)
