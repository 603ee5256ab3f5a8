"""The index: its face, and what readers see while writers write."""

from __future__ import annotations

import gc
import json
import threading
from collections.abc import Callable
from typing import ClassVar

import pytest

from durian.errors import InvalidListener
from durian.events import Event
from durian.match import Between, Filter, Index
from durian.match.index import windows
from durian.match.index.matches import Matches


def event(**data: object) -> Event:
    return Event(type="order.paid", data=data)


def test_a_listener_is_found_by_pattern_and_filter() -> None:
    index = Index()
    index.add("exact", "order.paid", Filter(name="Joe"))
    index.add("wild", "order.*", Filter(name="Bo"))
    index.add("all", "#", Filter())
    index.add("other", "parcel.#", Filter())
    assert sorted(index.match(event(name="Joe"))) == ["all", "exact"]
    assert sorted(index.match(event(name="Bo"))) == ["all", "wild"]
    assert len(index) == 4


def test_adding_again_replaces() -> None:
    index = Index()
    index.add("a", "order.paid", Filter(name="Joe"))
    index.add("a", "order.paid", Filter(name="Joe"))
    assert list(index.match(event(name="Joe"))) == ["a"]
    index.add("a", "order.*", Filter(name="Bo"))
    assert list(index.match(event(name="Joe"))) == []
    assert list(index.match(event(name="Bo"))) == ["a"]
    assert len(index) == 1


def test_adding_the_same_in_other_words_replaces() -> None:
    """Also in a bucket of many, where what is left beside a common value is filed once more."""
    index = Index()
    ways = (
        {"state": "new", "total": {"between": [1, 5]}},
        {"state": "new", "total": {"gte": 1.0, "lte": 5}},
        {"total": {"lte": 5.0, "gte": 1}, "state": {"is": "new"}},
        {"state": "new", "total": {"not": {"any-of": [{"lt": 1}, {"gt": 5}]}}},
    )
    for turn in range(6):
        for number in range(100):
            index.add(f"l{number}", "#", Filter.parse(ways[(turn + number) % len(ways)]))
        assert len(index) == 100
        assert len(index.match(event(state="new", total=3))) == 100
        assert len(index.match(event(state="new", total=6))) == 0
        array = [{"state": "new", "total": 6}, {"state": "old", "total": 3}]
        found = index.match(Event(type="order.paid", data=array))
        assert list(found) == []
    for number in range(100):
        index.remove(f"l{number}")
    assert index.is_empty()


def test_adding_a_long_range_again_replaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it lies at a further level, for it would be in too many windows at the first."""
    for name, limit in (("_FINE", 1), ("_COARSE", 2), ("_WIDE", 2), ("_MANY", 2)):
        monkeypatch.setattr(windows, name, limit)
    index = Index()
    for number in range(20):
        index.add(f"short-{number}", "#", Filter(total=Between(number, number)))
    index.settle()
    for _ in range(2):
        index.add("long", "#", Filter(total=Between(1, 18)))
    assert list(index.match(event(total=7.5))) == ["long"]
    for listener_id in ("long", *(f"short-{number}" for number in range(20))):
        index.remove(listener_id)
    assert index.is_empty()


def test_removing_who_is_not_there_is_harmless() -> None:
    index = Index()
    index.remove("nobody")
    index.add("a", "#", Filter())
    index.remove("a")
    index.remove("a")
    assert len(index) == 0
    assert index.is_empty()


def test_a_bad_pattern_leaves_all_as_it_was() -> None:
    index = Index()
    index.add("a", "order.paid", Filter())
    with pytest.raises(InvalidListener):
        index.add("a", "order.p*", Filter())
    assert list(index.match(event())) == ["a"]


def test_large_groups_are_handed_out_without_copying() -> None:
    index = Index()
    for number in range(1000):
        index.add(f"l{number}", "#", Filter())
        index.add(f"n{number}", "#", Filter(name="Joe"))
    found = index.match(event(name="Joe"))
    assert isinstance(found, Matches)
    assert len(found) == 2000
    assert len(set(found)) == 2000
    assert found[0] == next(iter(found))
    assert found[-1] == list(found)[-1]
    assert found[1990:] == list(found)[1990:]
    with pytest.raises(IndexError):
        found[2000]
    index.remove("l5")
    assert "l5" in found, "what was handed out stays as it was"
    assert "l5" not in index.match(event(name="Joe"))


def test_who_is_filed_under_several_keys_is_found_once() -> None:
    index = Index()
    index.add("in", "#", Filter.parse({"tags": {"in": ["a", "b"]}}))
    index.add("or", "#", Filter.parse_short("tags=a or name=Joe or total>5"))
    found = index.match(event(tags=["a", "b", "a"], name="Joe", total=9))
    assert sorted(found) == ["in", "or"]


def test_what_is_refused_while_loading_is_told() -> None:
    index = Index()
    refused = index.load(
        [
            ("a", "#", '{"name": "Joe"}'),
            ("b", "#", '{"name": {"like": "("}}'),
            ("c", "order.x*", "{}"),
            ("d", "#", "nonsense"),
            ("a", "#", '{"name": "Bo"}'),
        ]
    )
    assert sorted(refused) == ["b", "c", "d"]
    assert "missing )" in str(refused["b"])
    assert list(index.match(event(name="Bo"))) == ["a"]
    assert len(index) == 1


def test_of_a_listener_that_is_loaded_twice_the_later_stays() -> None:
    index = Index()
    rows = [("a", "#", '{"name": "Joe"}'), ("b", "#", '{"a": 1}'), ("a", "#", '{"name": "Bo"}')]
    assert index.load(rows) == {}
    assert list(index.match(event(name="Bo"))) == ["a"]
    assert list(index.match(event(name="Joe"))) == []
    refused = index.load([*rows, ("a", "#", '{"name": {"like": "("}}')])
    assert sorted(refused) == ["a"]
    assert list(index.match(event(name="Bo"))) == ["a"]


LOADED = [
    '{"name": "Joe"}',
    '{"name": "Joe", "vip": true}',
    '{"name": "Joe", "a.b": 1}',
    '{"name": {"startswith": "J"}}',
    '{"name": {"contains": "o"}}',
    '{"name": {"contains": ""}}',
    '{"name": {"not": "Bo"}, "vip": true}',
    '{"name": {"startswith": "J"}, "vip": true, "total": {"between": [1, 5]}}',
    '{"total": {"between": [1, 5]}}',
    '{"total": {"between": [5.0, 5]}}',
    '{"name": {"is": "Joe"}}',
    '{"\\\\name": "Joe"}',
    '{"@type": "order.paid"}',
    '{"a": {"b": 1}}',
    '{"a": 1, "a.b": 1}',
    '{"name": "J\\u006fe"}',
    '{"na\\u006de": "Joe"}',
    '{"name": {"like": "^J\\\\we$"}}',
    '{"name": "J\\noe", "vip": true}',
    '{"a\\\\.b": 1}',
    '{"\\\\any": {"like": "."}}',
    '{"name": "Joe", "\\\\before": {"gt": 1}}',
    '{"url": "http://x"}',
    '{"u:l": {}}',
    "{}",
]


@pytest.mark.parametrize("form", LOADED)
def test_loading_files_as_adding_does(form: str) -> None:
    loaded, added = Index(), Index()
    # The first of a pattern is read in full; the quick way is taken from the second on.
    assert loaded.load([("first", "#", '{"x": 1}'), ("a", "#", form)]) == {}
    added.add("first", "#", Filter(x=1))
    added.add("a", "#", Filter.parse(form))
    for data in (
        {"name": "Joe", "vip": True, "a": {"b": 1}, "total": 5},
        {"name": "Bo", "url": "http://x", "u:l": 1, "total": 9.5},
        {"a": 1, "name": ["Bo", "Joe"], "vip": [False, True]},
        [{"name": "Joe", "vip": True, "total": 2}, {"name": "Bo"}],
    ):
        probe = Event(type="order.paid", data=data)
        assert (
            list(loaded.match(probe))
            == list(added.match(probe))
            == (["a"] if Filter.parse(form).matches(probe) else [])
        )
    loaded.remove("a")
    loaded.remove("first")
    assert loaded.is_empty()


@pytest.mark.parametrize(
    "form",
    [
        '{"a": 1, "a": 2}',
        '{"a": 1, "a": "\\u003a"}',
        '{"a": {"startswith": "b", "startswith": "c"}}',
        '{"a": NaN}',
        '{"a": [1]}',
        '{"a": {"gt": "x"}}',
        '{"a": {"like": "("}}',
        '{"a": "\\ud800"}',
    ],
)
def test_the_quick_way_does_not_take_what_is_wrong(form: str) -> None:
    refused = Index().load([("first", "#", '{"x": 1}'), ("a", "#", form)])
    assert list(refused) == ["a"]


def _run(*works: Callable[[], None]) -> None:
    """Run works on threads of their own; the first failure is raised."""
    failures: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as failure:  # noqa: BLE001 (it is raised again below)
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


FORMS: list[dict[str, object]] = [
    {"name": "Joe"},
    {"name": {"startswith": "J"}},
    {"name": {"contains": "oe"}},
    {"name": {"like": "^J.e$"}},
    {"name": {"not": "Bo"}},
    {"total": {"gte": 5}},
    {"total": {"between": [0, 100]}},
    {"any-of": [{"name": "Joe"}, {"total": 7}]},
    {"name": "Joe", "total": {"gt": 1}},
    {},
]


def test_readers_never_miss_who_stays_nor_meet_anyone_twice() -> None:
    """Listeners that stay are changed and changed back, among others that come and go."""
    index = Index()
    staying = {f"stays-{number}" for number in range(20)}
    for number, listener_id in enumerate(sorted(staying)):
        index.add(listener_id, "#", Filter.parse(FORMS[number % len(FORMS)]))
    probe = event(name="Joe", total=7)
    stop = threading.Event()

    def read() -> None:
        try:
            for _ in range(3000):
                found = list(index.match(probe))
                assert len(found) == len(set(found))
                assert staying <= set(found)
        finally:
            stop.set()

    def write() -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            for number, listener_id in enumerate(sorted(staying)):
                form = FORMS[(number + turn) % len(FORMS)]
                index.add(listener_id, "#" if turn % 3 else "order.paid", Filter.parse(form))
            for number in range(100):
                index.add(f"goes-{number}", "#", Filter.parse(FORMS[number % len(FORMS)]))
            for number in range(100):
                index.remove(f"goes-{number}")

    _run(read, write)
    assert json.dumps(sorted(index.match(probe))) == json.dumps(sorted(staying))


class Meddling:
    """An event during which something happens: after its data, before its attributes."""

    type = "order.paid"
    data: ClassVar[dict[str, str]] = {"name": "Joe"}

    def __init__(self, meddle: Callable[[], None]) -> None:
        self._meddle = meddle
        self._asked = False

    @property
    def attributes(self) -> dict[str, str]:
        if not self._asked:
            self._asked = True
            self._meddle()
        return {"source": "/shop"}


@pytest.mark.parametrize("moved", [1, 5, 50])
def test_who_moves_behind_the_readers_back_is_found(
    monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    """From where the reader has yet to look to where it has looked: five are remembered."""
    monkeypatch.setattr("durian.match.index.index._MOVED", 5)
    index = Index()
    index.add("stays", "order.paid", Filter(name="Joe"))
    index.add("stays too", "#", Filter({"@source": "/shop"}))
    names = [f"moves-{number}" for number in range(moved)]
    for name in names:
        index.add(name, "#", Filter({"@source": "/shop"}))

    def meddle() -> None:
        for name in names:
            index.add(name, "order.paid", Filter(name="Joe"))

    found = index.match(Meddling(meddle))  # type: ignore[arg-type]  # it has what is looked at
    assert sorted(found) == sorted([*names, "stays", "stays too"])


def test_who_moves_to_what_is_not_wanted_is_not_found_there() -> None:
    index = Index()
    index.add("stays", "order.paid", Filter(name="Joe"))
    index.add("moves", "#", Filter({"@source": "/shop"}))
    event = Meddling(lambda: index.add("moves", "order.paid", Filter(name="Bo")))
    assert list(index.match(event)) == ["stays"]  # type: ignore[arg-type]  # it has what is looked at


def test_a_large_index_that_has_settled_is_as_it_was() -> None:
    index = Index()
    rows = [(f"l{number}", "#", f'{{"a": {number}, "b": "x"}}') for number in range(10_000)]
    assert index.load(rows) == {}
    try:
        index.settle()
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
    assert list(index.match(Event(type="t", data={"a": 77, "b": "x"}))) == ["l77"]
    index.remove("l77")
    assert list(index.match(Event(type="t", data={"a": 77, "b": "x"}))) == []
