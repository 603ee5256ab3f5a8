"""`/v1/events` and `/v1/filters`: what came last, and which of it a filter would have wanted."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import pytest

from durian.console import recent
from durian.events import Event
from durian.events import http as binding
from tests.support.api import INVALID, Api, Asker
from tests.support.registry import attempt, listener, now_ms, secret


@pytest.fixture
def ask(api: Api, monkeypatch: pytest.MonkeyPatch) -> Asker:
    """Somebody who may publish and read, to whom the end of the archive is always news."""
    monkeypatch.setattr(recent, "_FRESH_S", 0)
    return api.asker("publish", "read")


def publish(ask: Asker, *events: Event) -> None:
    headers, body = binding.encode_batch(events)
    assert ask("POST", "/v1/events", content=body, headers=headers).status_code == 202


def person(number: int, **fields: Any) -> Event:
    given: dict[str, Any] = {"type": "person", "id": str(number), "data": {"n": number}}
    return Event(**given | fields)


def ids(page: dict[str, Any]) -> list[str]:
    return [one["attributes"]["id"] for one in page["items"]]


def test_the_newest_events_come_first_in_pages(ask: Asker) -> None:
    for number in range(5):
        publish(ask, person(number))
    first = ask.get("/v1/events", params={"limit": 2})
    assert ids(first) == ["4", "3"]
    publish(ask, person(9))
    second = ask.get("/v1/events", params={"limit": 2, "cursor": first["next"]})
    assert ids(second) == ["2", "1"]
    rest = ask.get("/v1/events", params={"cursor": second["next"]})
    assert (ids(rest), rest["next"]) == (["0"], None)
    assert first["items"][0]["bytes"] == len(b'{"n":4}')


def test_events_are_found_by_type_and_text(ask: Asker) -> None:
    order = Event(type="order.paid", id="o1", data={"customer": "Joe Smith"})
    publish(ask, person(1), order, person(2, subject="smithy"))

    assert ids(ask.get("/v1/events", params={"pattern": "order.*"})) == ["o1"]
    assert ids(ask.get("/v1/events", params={"search": "SMITH"})) == ["2", "o1"]
    assert ids(ask.get("/v1/events", params={"search": "nobody"})) == []
    refused = ask("GET", "/v1/events", params={"pattern": "a*"})
    assert refused.status_code in INVALID


def test_a_search_looks_through_so_much_and_goes_on(
    ask: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "SCANNED_MOST", 4)
    monkeypatch.setattr(recent, "_CHUNK", 3)
    for number in range(9):
        publish(ask, person(number))
    found: list[str] = []
    cursor: str | None = None
    for _ in range(9):
        asked = {"search": '"n":0'} | ({"cursor": cursor} if cursor else {})
        page = ask.get("/v1/events", params=asked)
        found += ids(page)
        cursor = page["next"]
        if cursor is None:
            break
    assert found == ["0"]


def test_one_event_is_found_with_its_data(ask: Asker) -> None:
    event = Event(type="person", data={"name": "Joe"}, subject="x")
    publish(ask, event)
    told = ask.get(f"/v1/events/{event.id}")
    assert told["found"] == "archive"
    assert told["event"]["data"] == {"name": "Joe"}
    assert told["event"]["subject"] == "x"
    assert ask("GET", "/v1/events/nothing").status_code == HTTPStatus.NOT_FOUND


def test_owners_do_not_see_what_went_to_others(api: Api, ask: Asker) -> None:
    event = person(1)
    publish(ask, event)
    acme = api.asker("read", owner="acme")
    assert acme("GET", "/v1/events").status_code == HTTPStatus.FORBIDDEN
    assert acme("POST", "/v1/filters/preview", json={}).status_code == HTTPStatus.FORBIDDEN
    assert acme("GET", f"/v1/events/{event.id}").status_code == HTTPStatus.NOT_FOUND


def test_owners_do_not_see_others_events_of_the_same_id(api: Api, ask: Asker) -> None:
    """An id is its source's alone: two shops may both count from one."""
    for shop, name in (("/acme", "Joe"), ("/bolt", "Bo")):
        publish(ask, Event(id="17", type="person", source=shop, data={"name": name}))
    for owner in ("acme", "bolt"):
        api.store.add_listener(listener(f"at-{owner}", owner=owner), secret())
        api.store.add_attempts(
            [
                attempt(
                    f"msg_{owner}",
                    event_id="17",
                    listener_id=f"at-{owner}",
                    event_source=f"/{owner}",
                    at_ms=now_ms(),
                )
            ]
        )
    for owner, name in (("acme", "Joe"), ("bolt", "Bo")):
        theirs = api.asker("read", owner=owner)
        assert theirs.get("/v1/events/17")["event"]["data"] == {"name": name}
        told = theirs.get(f"/v1/explain?event=17&listener=at-{owner}")
        assert told["event"]["source"] == f"/{owner}"


EVENT = {"specversion": "1.0", "id": "1", "source": "/", "type": "person", "data": {"name": "Bo"}}


def test_a_filter_is_tried_on_an_event(ask: Asker) -> None:
    trial = {"pattern": "person", "filter": {"name": {"startswith": "J"}, "age": 3}, "event": EVENT}
    told = ask.post("/v1/filters/test", trial)
    assert (told["matches"], told["by_type"], told["by_filter"]) == (False, True, False)
    [name, age] = sorted(told["conditions"]["parts"], key=lambda one: one["path"], reverse=True)
    assert (name["path"], name["condition"], name["found"]) == ("name", 'startswith "J"', "Bo")
    assert (age["is_missing"], age["found"]) == (True, None)
    assert any('found "Bo"' in line for line in told["lines"])

    assert ask.post("/v1/filters/test", {"event": EVENT})["matches"]
    told = ask.post("/v1/filters/test", {"pattern": "order", "event": EVENT})
    assert (told["matches"], told["by_type"], told["by_filter"]) == (False, False, True)


@pytest.mark.parametrize(
    ("trial", "fault"),
    [
        ({"filter": {"a": {"is": []}}, "pattern": "a*"}, {"pointer": "#/event"}),
        ({"filter": {"a": {"like": "("}}}, {"pointer": "#/filter"}),
        ({"event": {"type": "x"}}, {"attribute": "specversion"}),
        ({"event": []}, {"pointer": "#/event"}),
    ],
    ids=str,
)
def test_what_cannot_be_tried_is_refused(
    ask: Asker, trial: dict[str, Any], fault: dict[str, str]
) -> None:
    response = ask("POST", "/v1/filters/test", json={"event": EVENT} | trial)
    assert response.status_code in INVALID
    assert fault.items() <= response.json()["errors"][0].items()


def test_a_filter_is_tried_on_what_came_last(ask: Asker) -> None:
    publish(ask, *(person(number) for number in range(3)), Event(type="order", id="o"))
    told = ask.post("/v1/filters/preview", {"pattern": "person", "filter": {"n": {"gte": 1}}})
    assert told["matched"] == 2
    assert [(one["id"], one["matches"]) for one in told["items"]] == [
        ("o", False), ("2", True), ("1", True), ("0", False),
    ]  # fmt: skip
    assert told["items"][0]["why_not"][0] == "its type is order"
    assert "n gte 1" in told["items"][3]["why_not"][0]
    assert len(ask.post("/v1/filters/preview", {"limit": 1})["items"]) == 1


@pytest.mark.parametrize("event_id", ["order 17/4", "a//b/", "/?#"])
def test_an_event_is_reached_by_any_id_that_it_can_have(ask: Asker, event_id: str) -> None:
    publish(ask, Event(type="person", id=event_id))
    assert ask.get(f"/v1/events/{quote(event_id, safe='')}")["id"] == event_id
