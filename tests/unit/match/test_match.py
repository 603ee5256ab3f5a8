from __future__ import annotations

from durian.events import Event
from durian.match import AllOf, Any, AnyOf, Endswith, Filter, Gte, Index, Like, Not, Startswith


def test_the_faces_work_together() -> None:
    event = Event(
        type="order.paid",
        data={"name": "Joe", "age": 20, "address": {"city": "Oslo"}, "tags": ["a", "b"]},
    )
    for wanted in (
        Filter(),
        Filter(name="Joe"),
        Filter(name=Startswith("J"), age=Gte(18)),
        Filter(name=AllOf(Startswith("J"), Endswith("e"))),
        Filter(address={"city": Like("^O.*o$")}),
        Filter(**{"address.city": "Oslo"}),
        Filter({"@type": "order.paid"}, nothing=Any(), tags="b"),
        Filter(name=AnyOf("Bo", "Joe"), age=Not("20")),
        Filter.parse('{"any-of": [{"name": "Bo"}, {"age": {"gte": 18}}]}'),
        Filter.parse_short("name=startswith:J and age>=18"),
        Filter.parse_short("(name=Bo or address.city=like:(O|P)slo) and not tags=c"),
    ):
        assert wanted.matches(event), wanted
        assert Filter.parse(wanted.to_json()) == wanted
        assert not Filter(Not(wanted)).matches(event)
        assert wanted.explain(event).holds


def test_index() -> None:
    index = Index()
    index.add("a", "order.*", Filter(name="Joe"))
    index.add("b", "#", Filter(name="Bo"))
    index.add("c", "order.paid", Filter())
    event = Event(type="order.paid", data={"name": "Joe"})
    assert sorted(index.match(event)) == ["a", "c"]
    index.remove("a")
    assert list(index.match(event)) == ["c"]
    assert len(index) == 2
