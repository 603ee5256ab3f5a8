"""Deliveries, attempts, explanations and statistics, each for its owner alone."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Any

import pytest

from durian.broker.blocking import declare_all, publish_all
from durian.broker.port import Address
from durian.console import backlog
from durian.console.api import paging
from durian.console.api.paging import encode
from durian.console.explain import gather
from durian.console.moments import moment
from durian.consumers.decision import BLOCKED
from durian.consumers.delivery import webhook_id_of
from durian.consumers.sender.port import NO_CONNECTION
from durian.errors import BrokerUnavailable
from durian.events import Event, amqp
from durian.registry import Listener, ListenerSecret, OpenBreaker
from tests.support.api import INVALID, Api, Asker
from tests.support.letters import give_up
from tests.support.registry import attempt, now_ms, secret

NEW = {"url": "https://joe.example/hook", "event": "person"}


@pytest.fixture
def ask(api: Api) -> Asker:
    """An operator, with a listener of acme's and one of bolt's, and some attempts at each."""
    asker, now = api.asker("admin"), now_ms()
    for name, owner in (("joe", "acme"), ("zoe", "bolt")):
        asker.post("/v1/listeners", NEW | {"id": name, "owner": owner})
        given: dict[str, Any] = {"listener_id": name, "event_id": f"e-{name}"}
        api.store.add_attempts(
            attempt(
                f"msg_{name}",
                number=number,
                at_ms=now - 5000 + number,
                latency_ms=30,
                result=result,
                status=None if number == 1 else status,
                kind="blocked" if number == 1 else "response",
                error="the address is not public" if number == 1 else "",
                public_error="connection refused" if number == 1 else "",
                next_at_ms=now if result == "retry" else None,
                **given,
            )
            for number, (result, status) in enumerate(
                (("retry", 500), ("retry", 503), ("delivered", 200)), 1
            )
        )
    return asker


@pytest.fixture
def acme(api: Api) -> Asker:
    return api.asker("manage", "replay", owner="acme")


def test_attempts_and_deliveries_are_listed(ask: Asker) -> None:
    first = ask.get("/v1/attempts", params={"listener": "joe", "limit": 2})
    assert [one["number"] for one in first["items"]] == [3, 2]
    rest = ask.get("/v1/attempts", params={"listener": "joe", "cursor": first["next"]})
    assert ([one["number"] for one in rest["items"]], rest["next"]) == ([1], None)
    assert first["items"][1]["next_at"] is not None
    assert {one["webhook_id"] for one in ask.get("/v1/deliveries")["items"]} == {
        "msg_joe", "msg_zoe",
    }  # fmt: skip
    asked = {"status": 503, "result": "retry", "since": "2020-01-01T00:00:00Z"}
    assert len(ask.get("/v1/attempts", params=asked)["items"]) == 2
    asked = {"event": "e-joe", "event_type": "person", "until": "2020-01-01T00:00:00Z"}
    assert ask.get("/v1/attempts", params=asked)["items"] == []
    for wrong in ({"result": "lost"}, {"cursor": "abc"}, {"since": "2020-01-01T00:00:00"}):
        assert ask("GET", "/v1/attempts", params=wrong).status_code in INVALID


def test_a_delivery_is_told_with_its_attempts(ask: Asker) -> None:
    told = ask.get("/v1/deliveries/msg_joe")
    assert (told["listener_id"], told["result"], told["next_at"]) == ("joe", "delivered", None)
    assert [one["number"] for one in told["attempts"]] == [1, 2, 3]
    assert told["attempts"][0]["error"] == "the address is not public"
    assert ask("GET", "/v1/deliveries/msg_nobody").status_code == HTTPStatus.NOT_FOUND


def test_an_owner_sees_their_own_and_nothing_of_the_network(acme: Asker, ask: Asker) -> None:
    assert ask.get("/v1/deliveries/msg_zoe")
    for path in ("/v1/attempts", "/v1/deliveries"):
        assert {one["listener_id"] for one in acme.get(path)["items"]} == {"joe"}
        assert acme.get(path, params={"listener": "zoe"})["items"] == []
    assert acme("GET", "/v1/deliveries/msg_zoe").status_code == HTTPStatus.NOT_FOUND
    first = acme.get("/v1/deliveries/msg_joe")["attempts"][0]
    assert (first["error"], first["kind"], first["reason"]) == ("connection refused", "", "")
    assert first["public_error"] == first["error"]


def test_an_explanation_tells_an_owner_nothing_of_the_network(
    api: Api, ask: Asker, acme: Asker
) -> None:
    event = Event(type="person", id="e-dead", source="/shop", data={"name": "Joe"})
    publish_all(api.broker, [(amqp.encode(event), Address(api.names.events, "person"))])
    why = {"kind": "blocked", "error": BLOCKED, "public_error": NO_CONNECTION, "reason": BLOCKED}
    now = now_ms()
    given = {"listener_id": "joe", "event_id": "e-dead", "at_ms": now, "status": None}
    api.store.add_attempts([attempt("msg_dead", result="dead", **given, **why)])
    asked = {"event": "e-dead"}
    assert "It was given up: blocked address." in str(ask.get("/v1/explain", params=asked))
    told = str(acme.get("/v1/explain", params=asked))
    assert f"failed at {moment(now)}: {NO_CONNECTION}." in told
    assert "blocked" not in told


def test_an_event_is_explained(api: Api, ask: Asker, acme: Asker) -> None:
    event = Event(type="person", id="e-joe", source="/shop", data={"name": "Joe"})
    publish_all(api.broker, [(amqp.encode(event), Address(api.names.events, "person"))])
    told = ask.get("/v1/explain", params={"event": "e-joe"})
    assert told["event"]["found"] == "archive"
    assert {one["listener"]: one["place"] for one in told["listeners"]} == {
        "joe": "delivered", "zoe": "queued",
    }  # fmt: skip
    one = next(one for one in told["listeners"] if one["listener"] == "joe")
    assert [each["number"] for each in one["attempts"]] == [1, 2, 3]
    mine = acme.get("/v1/explain", params={"event": "e-joe", "everyone": True})
    assert [one["listener"] for one in mine["listeners"]] == ["joe"]
    assert mine["listeners"][0]["attempts"][0]["error"] == "connection refused"
    for asked in ({"event": "e-zoe"}, {"event": "e-joe", "listener": "zoe"}):
        assert acme("GET", "/v1/explain", params=asked).status_code == HTTPStatus.NOT_FOUND
    assert ask("GET", "/v1/explain").status_code in INVALID
    asked = {"event": "e-joe", "since": "3020-01-01T00:00:00Z"}
    assert ask("GET", "/v1/explain", params=asked).status_code in INVALID


def test_an_event_on_its_way_to_an_owner_is_theirs_to_see(ask: Asker, acme: Asker) -> None:
    assert ask.get("/v1/events/e-joe")["found"] == "attempts"
    assert acme.get("/v1/events/e-joe")["type"] == "person"
    assert acme("GET", "/v1/events/e-zoe").status_code == HTTPStatus.NOT_FOUND


def test_the_overview_tells_how_everything_fares(api: Api, ask: Asker, acme: Asker) -> None:
    api.store.open_breaker(
        OpenBreaker(listener_id="zoe", failing_since=5, failures=9, opened_at=5, next_probe_at=9)
    )
    told = ask.get("/v1/stats")
    assert (told["attempts"], told["results"]["delivered"], told["listeners"]) == (6, 2, 2)
    assert told["success_rate"] == pytest.approx(1 / 3)
    assert 20 <= told["latency_ms"]["p95"] <= 40
    assert (told["failing"], told["worst"][0]["listener"]) == (1, "zoe")
    assert told["backlog"]["at"] is None

    give_up(api.broker, api.names, "joe", Event(type="person", id="1"))
    publish_all(
        api.broker,
        [(amqp.encode(Event(type="person")), Address(api.names.deliver, "zoe")) for _ in range(2)],
    )
    api.backlog.count()
    waiting = ask.get("/v1/stats")["backlog"]
    assert (waiting["ready"], waiting["dead"], waiting["route"]) == (2, 1, 0)
    assert waiting["most"] == [
        {"listener": "zoe", "ready": 2, "dead": 0},
        {"listener": "joe", "ready": 0, "dead": 1},
    ]

    mine = acme.get("/v1/stats", params={"window_s": 600})
    assert (mine["attempts"], mine["listeners"], mine["failing"]) == (3, 1, 0)
    assert mine["backlog"] is None


def test_series_and_listeners_are_told_minute_by_minute(api: Api, ask: Asker, acme: Asker) -> None:
    give_up(api.broker, api.names, "joe", Event(type="person", id="1"))
    spans = ask.get("/v1/stats/series")["items"]
    assert sum(span["attempts"] for span in spans) == 6
    asked: dict[str, Any] = {"listener": "joe", "since": "2020-01-01T00:00:00Z", "step_s": 604_800}
    [span] = ask.get("/v1/stats/series", params=asked)["items"]
    assert span["attempts"] == 3
    assert ask("GET", "/v1/stats/series", params=asked | {"step_s": 60}).status_code in INVALID
    assert ask("GET", "/v1/stats/series", params={"step_s": 90}).status_code in INVALID
    unknown = ask("GET", "/v1/stats/series", params={"listener": "nobody"})
    assert unknown.status_code == HTTPStatus.NOT_FOUND

    both = {"listener": ["zoe", "joe", "nobody"]}
    told = ask.get("/v1/stats/listeners", params=both)["items"]
    assert [(one["listener"], one["dead"], one["rates"]["attempts"]) for one in told] == [
        ("joe", 1, 3), ("zoe", 0, 3),
    ]  # fmt: skip
    ask.post("/v1/listeners/zoe/pause")
    told = ask.get("/v1/stats/listeners", params=both)["items"]
    assert [one["state"] for one in told] == ["enabled", "paused"]
    assert sum(minute["attempts"] for minute in told[0]["minutes"]) == 3
    mine = acme.get("/v1/stats/listeners", params=both)["items"]
    assert [one["listener"] for one in mine] == ["joe"]
    assert acme("GET", "/v1/stats/series", params={"listener": "zoe"}).status_code == 404


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def test_the_rate_of_events_is_told_by_how_the_archive_grows(api: Api) -> None:
    clock = Clock()
    watch = backlog.BacklogWatch(api.broker, api.names, api.store, now=clock)
    watch.count()
    assert watch.look().events_per_s is None
    for number in range(20):
        event = Event(type="person", id=str(number))
        publish_all(api.broker, [(amqp.encode(event), Address(api.names.events, "person"))])
    clock.at += 5
    watch.count()
    assert watch.look().events_per_s == 4


def test_processes_that_nobody_runs_are_told(api: Api, ask: Asker) -> None:
    clock = Clock()
    watch = backlog.BacklogWatch(api.broker, api.names, api.store, now=clock)
    declare_all(api.broker, [*api.names.listener("joe"), *api.names.listener("zoe")])
    watch.count()
    assert watch.look().missing == {"router", "deliver", "record"}
    for queue in (api.names.route, api.names.listener_queue("joe")):
        api.broker.consume(queue, lambda _received: None, prefetch=1)
    clock.at += 60
    watch.count()
    assert watch.look().missing == {"record"}
    ask.post("/v1/listeners/joe/pause")
    ask("PATCH", "/v1/listeners/zoe", json={"enabled": False})
    clock.at += 60
    watch.count()
    assert watch.look().missing == {"record"}, "nobody has to deliver"


def test_dead_letters_that_come_later_are_counted(api: Api, ask: Asker) -> None:
    clock = Clock()
    watch = backlog.BacklogWatch(api.broker, api.names, api.store, now=clock)
    watch.count()
    assert watch.look().dead == 0
    give_up(api.broker, api.names, "joe", Event(type="person", id="1"))
    given_up = attempt("msg_9", listener_id="joe", at_ms=round(clock.at * 1000), result="dead")
    api.store.add_attempts([given_up])
    clock.at += 5
    watch.count()
    assert watch.look().dead == 0
    clock.at += 60
    watch.count()
    assert watch.look().listeners == {"joe": backlog.Depth(dead=1)}
    ask("DELETE", "/v1/listeners/joe")
    clock.at += 60
    watch.count()
    assert watch.look().listeners == {"joe": backlog.Depth(dead=1)}


def test_what_was_counted_long_ago_is_not_told_as_what_waits_now(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    watch = backlog.BacklogWatch(api.broker, api.names, api.store, now=clock)
    give_up(api.broker, api.names, "joe", Event(type="person", id="1"))
    joe = Listener.create(id="joe", url="https://joe.example/", event="person")
    api.store.add_listener(joe, ListenerSecret.new(now=clock.at))
    watch.count()
    assert watch.look().dead == 1
    clock.at += 61
    assert watch.look() == backlog.Backlog(), "nobody has asked, or the broker was away"

    def unreachable() -> None:
        raise BrokerUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(watch, "_count_listeners", unreachable)
        with pytest.raises(BrokerUnavailable):
            watch.count()
    found = watch.look()
    assert (found.at, found.listeners_at, found.dead) == (clock.at, 0, 0)
    watch.count()
    assert watch.look().dead == 1


@pytest.mark.parametrize("everyone", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 50])
def test_an_event_is_explained_in_parts(
    api: Api, ask: Asker, monkeypatch: pytest.MonkeyPatch, limit: int, *, everyone: bool
) -> None:
    monkeypatch.setattr(gather, "ASKED_MOST", 3)
    for number in range(7):
        wants = {"name": {"is": "Joe" if number % 3 else "Bo"}}
        new = {"id": f"n{number}", "url": "https://n.example/", "event": "person", "filter": wants}
        ask.post("/v1/listeners", new)
    event = Event(type="person", id="e-joe", source="/shop", data={"name": "Joe"})
    publish_all(api.broker, [(amqp.encode(event), Address(api.names.events, "person"))])
    tried = {"listener_id": "gone", "event_id": "e-joe", "at_ms": now_ms()}
    api.store.add_attempts([attempt(webhook_id_of("/shop", "e-joe", "gone"), **tried)])
    asked: dict[str, object] = {"event": "e-joe", "everyone": everyone}
    with monkeypatch.context() as at_once:
        at_once.setattr(gather, "ASKED_MOST", 100)
        whole = ask.get("/v1/explain", params=asked)

    parts = [ask.get("/v1/explain", params=asked | {"limit": limit})]
    while cursor := parts[-1]["next"]:
        parts.append(ask.get("/v1/explain", params=asked | {"limit": limit, "cursor": cursor}))

    assert whole["next"] is None
    assert max(len(part["listeners"]) for part in parts) <= limit
    told = [one for part in parts for one in part["listeners"]]
    assert [one["listener"] for one in told[:2]] == ["gone", "joe"]  # where it was tried
    by_name = sorted(told, key=lambda one: str(one["listener"]))
    assert by_name == sorted(whole["listeners"], key=lambda one: str(one["listener"]))
    others: Counter[str] = sum((Counter(part["others"]) for part in parts), Counter())
    assert others == whole["others"]


def test_without_a_limit_an_event_is_explained_in_parts_too(api: Api, ask: Asker) -> None:
    """A deployment with many thousands of listeners is not asked for all of them at once."""
    for number in range(paging.USUAL + 1):
        url = f"https://n.example/{number}"
        api.store.add_listener(Listener.create(url=url, event="person"), secret())
    event = Event(type="person", id="e-joe", source="/shop", data={"name": "Joe"})
    publish_all(api.broker, [(amqp.encode(event), Address(api.names.events, "person"))])

    told = ask.get("/v1/explain", params={"event": "e-joe"})

    assert len(told["listeners"]) == paging.USUAL
    assert told["next"] is not None


@pytest.mark.parametrize("place", ["nowhere", "others \0"])
def test_a_part_of_an_explanation_begins_where_one_ended(ask: Asker, place: str) -> None:
    asked = {"event": "e-joe", "limit": 1, "cursor": encode(place)}
    assert "`next`" in ask("GET", "/v1/explain", params=asked).text
