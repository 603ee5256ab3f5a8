"""Filters and events to try on one another: small alphabets, so that they meet often."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

#: Examples for each comparison: more than elsewhere, because most of them fit nobody.
EXAMPLES = 4 * settings().max_examples

NAMES = ("a", "b", "c")
TEXTS = (
    "",
    "a",
    "b",
    "ab",
    "aab",
    "abc",
    "bab",
    "ABC",
    "Straße",
    "STRASSE",
    "é",
    "e\u0301",
    "\U0001f34c",
    "1",
)
NUMBERS = (0, 1, -1, 1.0, 1.5, 2, 10, -0.5, 2**53 + 1, float(2**53), 10**400, 1e308)
TIMES = (
    "2026-01-01T00:00:00Z",
    "2026-01-01T01:00:00+01:00",
    "2026-01-01T00:00:00.000000001Z",
    "2025-12-31T23:59:60Z",
    "2025-12-31t23:59:59.9z",
    "2026-01-01",
    "2026-13-01T00:00:00Z",
)
ADDRESSES = (
    "10.0.0.1",
    "10.1.2.3",
    "192.168.0.1",
    "::1",
    "2001:db8::1",
    "::ffff:10.0.0.1",
    "10.0.0",
)
NETWORKS = ("10.0.0.0/8", "10.0.0.0/30", "10.0.0.1", "0.0.0.0/0", "::/0", "2001:db8::/32")
EXPRESSIONS = (
    "a",
    "^a",
    "b$",
    "a.?b",
    "(?i)abc",
    "[ab]{3}",
    "a|1",
    "^$",
    "ab+c",
    "",
    "(a+)+$",
    "a{2}b?",
)
WILDCARDS = ("*", "a*", "*b", "a*b", "*a*", "a*a*b", "ab", r"\*", "", "*abc", "abc*")

texts = st.sampled_from(TEXTS + TIMES + ADDRESSES) | st.text(alphabet="abAß1", max_size=6)
numbers = st.sampled_from(NUMBERS) | st.integers(-3, 3) | st.floats(-3, 3)
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=8,
)
#: The data of events: mostly objects, as in life.
data = st.dictionaries(st.sampled_from(NAMES), values) | values

_bounds = st.sampled_from((0, 1, 1.5, 2**53, 10**400)) | st.integers(-3, 3) | st.floats(-3, 3)
_short_texts = st.sampled_from(TEXTS) | st.text(alphabet="abAß", max_size=4)

_words = {
    "any": st.just(value=True),
    "is": values,
    "startswith": _short_texts,
    "endswith": _short_texts,
    "contains": _short_texts,
    "like": st.sampled_from(EXPRESSIONS),
    "in": st.lists(scalars, min_size=1, max_size=4),
    "exists": st.booleans(),
    "missing": st.booleans(),
    "gt": _bounds,
    "gte": _bounds,
    "lt": _bounds,
    "lte": _bounds,
    "between": st.tuples(_bounds, _bounds).map(sorted),
    "before": st.sampled_from(TIMES[:5]),
    "after": st.sampled_from(TIMES[:5]),
    "cidr": st.sampled_from(NETWORKS),
    "wildcard": st.sampled_from(WILDCARDS),
    "is-ignore-case": _short_texts,
    "in-ignore-case": st.lists(_short_texts, min_size=1, max_size=3),
    "startswith-ignore-case": _short_texts,
    "endswith-ignore-case": _short_texts,
    "contains-ignore-case": _short_texts,
    "wildcard-ignore-case": st.sampled_from(WILDCARDS),
}
_matchers = st.one_of(
    *(
        st.builds(lambda argument, word=word: {word: argument}, each)
        for word, each in _words.items()
    )
)
_anything_but = st.builds(
    lambda parts: {"anything-but": parts}, st.lists(scalars | _matchers, max_size=3) | scalars
)
_asked = scalars | _matchers | _anything_but
_paths = st.sampled_from((*NAMES, "a.b", "a.c", "b.a", "a.b.c"))
_attributes = st.sampled_from(("@source", "@subject", "@type", "@time", "@region"))


def _grow(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    groups = (
        st.builds(lambda parts: {"any-of": parts}, several)
        | st.builds(lambda parts: {"all-of": parts}, several)
        | st.builds(lambda part: {"not": part}, inner)
    )
    fields = st.dictionaries(_paths, inner, max_size=3)
    return groups | fields | st.builds(lambda left, right: left | right, groups, fields)


#: What is asked of a field.
asked = st.recursive(_asked, _grow, max_leaves=5)
_flat = st.dictionaries(_paths, _asked, max_size=3)
_fields = st.dictionaries(_paths | _attributes, asked, max_size=3)
_grouped = st.builds(
    lambda parts, word: {word: parts},
    st.lists(_fields, min_size=1, max_size=3),
    st.sampled_from(("any-of", "all-of")),
) | st.builds(lambda part: {"not": part}, _fields)
#: Whole filters, as parsed JSON.
filters = (
    _flat
    | _fields
    | _matchers
    | _grouped
    | st.builds(lambda left, right: left | right, _fields, _grouped)
)

#: Filters that are so common that they are filed without being read in full.
_simple_asked = st.one_of(
    st.dictionaries(
        st.sampled_from(("startswith", "endswith", "contains", "x")), texts, max_size=2
    ),
    st.builds(lambda value: {"not": value}, scalars),
    st.builds(lambda low, high: {"between": sorted((low, high))}, _bounds, _bounds),
    st.builds(lambda word, bound: {word: bound}, st.sampled_from(("gt", "lte")), _bounds),
)
simple_filters: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from((*NAMES, "a.b", "a:", "é", "@source", "is")), scalars, max_size=3
) | st.dictionaries(
    st.sampled_from((*NAMES, "a.b", "b.a")), scalars | _simple_asked, min_size=1, max_size=3
)

types = (
    st.lists(st.sampled_from(("x", "y", "z", "durian", "")), min_size=1, max_size=3)
    .map(".".join)
    .filter(bool)
)
patterns = (
    st.lists(st.sampled_from(("x", "y", "*", "#", "durian", "")), min_size=1, max_size=4)
    .map(".".join)
    .filter(bool)
)
