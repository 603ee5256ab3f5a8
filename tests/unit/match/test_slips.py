"""What people plainly get wrong in the short form is refused, and can be meant by quoting it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durian.errors import InvalidFilter
from durian.match import Endswith, Filter, In, Is, Like, Not
from tests.support.filter_strategies import EXAMPLES

#: The text, the path that the error names, and what it says to write.
SLIPS = [
    ("name==Joe", "name", "Write name=Joe."),
    ("name === Joe", "name", "Write name=Joe."),
    ("age => 3", "age", "Write age>=3."),
    ("age=<3", "age", "Write age<=3."),
    ("age>==3", "age", "Write age>=3."),
    ("age<>3", "age", "Write age!=3."),
    ("age!==3", "age", "Write age!=3."),
    ("name=!Joe", "name", "Write name!=Joe."),
    ("name~=J.*", "name", "Write name=like:J.*."),
    ("name=~^J", "name", "Write name=like:^J."),
    ("name!~=J.*", "name", "Write name!=like:J.*."),
    ("name=<Joe>", "name", 'The text itself is "<Joe>"'),
    ("==Joe", "filter", "Write =Joe."),
    ("name='Joe'", "name", 'Write name="Joe".'),
    ("name=\u201cJoe\u201d", "name", 'Write name="Joe".'),
    ("name=startswith:'J'", "name", 'Write name=startswith:"J".'),
    ("name=in:a,'b'", "name", """Write name=in:"b". The text itself is "'b'"."""),
    ("name=in:'a b', c", "name", 'Write name=in:"a b".'),
    ('name=in:a,"b" c', "name", 'Close it by "'),
    ('name=in:a,"b', "name", 'Close it by "'),
    ('name=in:"a" AND age>3', "name", 'Close it by "'),
    ("name='Joe and Ann'", "name", "has quotes that are none here"),
    ('name="Joe', "name", 'Close it by "'),
    (r'name=like:"\d+"', "name", "double each backslash"),
    ("name=Joe AND age>3", "name", "Write ` and `"),
    ("name=startswith:J OR age>3", "name", "Write ` or `"),
    ("name=like:^J && age>3", "name", "Write ` and `"),
    ('name="Joe" AND age>3', "filter", "Write ` and `"),
    ('(name="Joe" && age>3)', "filter", "Write ` and `"),
    ("age>3 || vip=true", "age", "Write ` or `"),
    ("items{sku=A && qty>2}", "sku", "Write ` and `"),
    ("name=Joe&&vip=true", "name", "'vip=true' looks like another condition"),
    ("name=Joe age<=3", "name", "'age<=3' looks like another condition"),
    ("name=Joe,vip!=true", "name", "'vip!=true' looks like another condition"),
    ("name=Joe, age > 3", "name", "'age > 3' looks like another condition"),
    ("name=Joe @source=/eu", "name", "'@source=/eu' looks like another condition"),
    ("name=startswith=J", "name", "Write name=startswith:J."),
    ('name=Startswith("J")', "name", 'Write name=startswith:"J".'),
    ("name=in(a,b)", "name", "Write name=in:a,b."),
    ("name!=starts_with:J", "name", "Write name!=startswith:J."),
    ("name=startwith:J", "name", "Did you mean name=startswith:...?"),
    ("name__startswith=J", "name__startswith", "Write name=startswith:..."),
    ("age__gte=18", "age__gte", "Write age=gte:..."),
    ("items{name__icontains=j}", "name__icontains", "Write name=contains-ignore-case:..."),
    ("name~startwith:J", "name", "Did you mean name~startswith:...?"),
    ("name=J*", "name", "Write name=wildcard:J*."),
    ("name~*J", "name", "Write name~wildcard:*J."),
    ("name=J.*", "name", "a regular expression, name=like:J.*."),
    ("name=*", "name", "Write name=exists:."),
    ("@type=order.*", "@type", "Write @type=wildcard:order.*"),
    ("vip=True", "vip", "Write vip=true."),
    ("gone=None", "gone", "Write gone=null."),
    ("$.name=Joe", "$.name", "Write name."),
    ("@data.name=Joe", "@data.name", "written without @"),
    ("name==" + "x" * 100, "name", 'Put " around it if it is the text itself.'),
]


@pytest.mark.parametrize(("text", "field", "words"), SLIPS, ids=[text for text, *_ in SLIPS])
def test_a_slip_is_refused_by_its_path_with_how_to_write_it(
    text: str, field: str, words: str
) -> None:
    with pytest.raises(InvalidFilter) as caught:
        Filter.parse_short(text)
    assert caught.value.field == field
    assert words in str(caught.value)


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
        ("name=Tom & Ann, Bo", "Tom & Ann, Bo"),
    ],
)
def test_a_text_that_is_no_plain_slip_needs_no_quotes(text: str, value: str) -> None:
    path = text.partition("=")[0]
    assert Filter.parse_short(text) == Filter({path: value})


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
