"""Explaining a verdict: what each condition looked at, and what came of it."""

from __future__ import annotations

from durian.events import Event
from durian.match import MISSING, Filter

EVENT = Event(
    type="order.paid",
    source="/shop",
    data={
        "name": "Joe",
        "address": {"city": "Oslo"},
        "items": [{"sku": "A", "qty": 1}, {"sku": "B", "qty": 5}],
        "tags": ["new", "vip"],
    },
)


def lines(text: str) -> list[str]:
    return list(Filter.parse_short(text).explain(EVENT).lines())


def test_a_condition_tells_what_it_found() -> None:
    verdict = Filter(name="Bo").explain(EVENT)
    assert (verdict.path, verdict.condition, verdict.value) == ("name", 'is "Bo"', "Joe")
    assert verdict.holds is False
    assert list(verdict.lines()) == ['no  name is "Bo", found "Joe"']


def test_what_is_missing_is_told() -> None:
    assert Filter(gone=1).explain(EVENT).value is MISSING
    assert lines("address.zip=1") == ["no  address.zip is 1, found nothing"]


def test_groups_have_their_parts() -> None:
    assert lines("name=Joe and (address.city=Bergen or @source=/shop)") == [
        "yes all of",
        '  yes name is "Joe", found "Joe"',
        "  yes any of",
        '    no  address.city is "Bergen", found "Oslo"',
        '    yes @source is "/shop", found "/shop"',
    ]


def test_the_element_that_decided_is_named() -> None:
    assert lines("items{sku=B and qty>2}") == [
        "yes items[1] all of",
        '  yes items[1].sku is "B", found "B"',
        "  yes items[1].qty gt 2, found 5",
    ]
    assert lines("tags=vip") == ['yes tags[1] is "vip", found "vip"']


def test_where_no_element_fits_all_of_them_are_shown() -> None:
    assert lines("tags=old") == ['no  tags is "old", found ["new", "vip"]']
    assert lines("items{sku=A and qty>2}")[0] == "no  items[0] all of"


def test_not_speaks_of_the_whole_array() -> None:
    assert lines("tags!=vip") == ["no  tags not", '  yes tags[1] is "vip", found "vip"']


def test_everything_wanted_needs_no_reason() -> None:
    assert lines("()") == ["yes anything, found " + lines("()")[0].split("found ")[1]]
    assert Filter().explain(EVENT).holds


def test_long_values_are_cut_for_people_only() -> None:
    event = Event(type="t", data={"text": "x" * 1000})
    verdict = Filter(text="y").explain(event)
    assert verdict.value == "x" * 1000
    assert len(next(verdict.lines())) < 300


def test_an_array_of_arrays_and_bytes_are_explained() -> None:
    event = Event(type="t", data=[[1], {"a": 2}])
    assert list(Filter(a=2).explain(event).lines()) == ["yes [2].a is 2, found 2"]
    raw = Event(type="t", datacontenttype="application/octet-stream", data=b"\x00")
    assert next(Filter(a=2).explain(raw).lines()) == "no  a is 2, found nothing"
