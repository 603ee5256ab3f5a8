"""Dead letters, replays, orphans and what was set aside; the jobs that work on them."""

from __future__ import annotations

import threading
from collections.abc import Collection
from http import HTTPStatus
from typing import Any

import pytest

from durian.broker.blocking import publish_all
from durian.broker.port import Address, Broker, QueueState
from durian.console import working
from durian.console.inspecting import inspect_all
from durian.console.operations import catalogue, dead
from durian.consumers.decision import BLOCKED
from durian.consumers.sender.port import NO_CONNECTION
from durian.errors import BrokerUnavailable
from durian.events import Event, amqp
from durian.events.message import Message
from tests.support.api import INVALID, Api, Asker
from tests.support.letters import give_up
from tests.support.registry import listener, secret

NEW = {"url": "https://joe.example/hook", "event": "person", "id": "joe"}


@pytest.fixture
def ask(api: Api) -> Asker:
    asker = api.asker("admin")
    asker.post("/v1/listeners", NEW)
    return asker


def people(count: int, start: int = 0) -> list[Event]:
    return [Event(type="person", id=str(start + n), data={"n": n}) for n in range(count)]


def queued(api: Api, name: str = "joe") -> list[str]:
    found = api.broker.messages(api.names.listener_queue(name))
    return [str(message.headers["ce-id"]) for message in found]


def test_dead_letters_are_looked_at(api: Api, ask: Asker) -> None:
    ids = give_up(api.broker, api.names, "joe", *people(3), at=1000.0)
    told = ask.get("/v1/listeners/joe/dead-letters", params={"limit": 2})
    assert told["total"] == 3
    assert [one["webhook_id"] for one in told["items"]] == ids[:2]
    first = told["items"][0]
    assert (first["reason"], first["error"]) == ("3 attempts failed", "status 500")
    assert (first["dead_at"], first["body"]) == ("1970-01-01T00:16:40Z", '{"n":0}')
    assert ask("GET", "/v1/listeners/zoe/dead-letters").status_code == HTTPStatus.NOT_FOUND


def test_an_owner_is_told_nothing_of_the_network_by_a_dead_letter(api: Api, ask: Asker) -> None:
    ask.post("/v1/listeners", NEW | {"id": "ann", "owner": "acme"})
    give_up(
        api.broker,
        api.names,
        "ann",
        *people(1),
        why=(BLOCKED, "blocked: the address is not public"),
    )
    path = "/v1/listeners/ann/dead-letters"
    (seen,) = ask.get(path)["items"]
    assert (seen["reason"], seen["error"]) == (BLOCKED, "blocked: the address is not public")
    (told,) = api.asker("read", owner="acme").get(path)["items"]
    assert (told["reason"], told["error"]) == (NO_CONNECTION, NO_CONNECTION)
    assert "blocked" not in str(told)


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({}, ["0", "1", "2"]),
        ({"since": "1970-01-01T00:20:00Z"}, ["1", "2"]),
        ({"rate_per_s": 1000}, ["0", "1", "2"]),
    ],
    ids=str,
)
def test_dead_letters_are_sent_again(
    api: Api, ask: Asker, asked: dict[str, Any], sent: list[str]
) -> None:
    first, *later = people(3)
    give_up(api.broker, api.names, "joe", first, at=1000.0)
    give_up(api.broker, api.names, "joe", *later, at=2000.0)
    begun = ask("POST", "/v1/listeners/joe/dead-letters/replay", json=asked)
    job = api.job(ask, begun)
    assert (job["state"], job["result"]["count"]) == ("done", len(sent))
    assert (job["done"], job["total"]) == (3, 3)
    assert sorted(queued(api)) == sent


def test_some_are_sent_again_and_some_thrown_away(api: Api, ask: Asker) -> None:
    ids = give_up(api.broker, api.names, "joe", *people(4))
    path = "/v1/listeners/joe/dead-letters"
    asked = {"webhook_ids": [ids[1], "msg_unknown"]}
    job = api.job(ask, ask("POST", f"{path}/replay", json=asked))
    assert job["result"] == {"count": 1, "kept": {}, "missing": ["msg_unknown"], "warnings": []}
    assert queued(api) == ["1"]

    job = api.job(ask, ask("POST", f"{path}/purge", json={"webhook_ids": [ids[0]]}))
    assert job["result"]["count"] == 1
    assert ask.get(path)["total"] == 2
    job = api.job(ask, ask("POST", f"{path}/purge", json={}))
    assert job["result"]["count"] == 2
    assert ask.get(path) == {"total": 0, "items": []}
    actions = [one["action"] for one in ask.get("/v1/audit")["items"]]
    assert actions[:3] == ["dead.purge", "dead.purge", "dead.replay"]


def test_dead_letters_of_a_removed_listener_are_the_deployments(api: Api, ask: Asker) -> None:
    give_up(api.broker, api.names, "joe", *people(1))
    ask("DELETE", "/v1/listeners/joe")
    path = "/v1/listeners/joe/dead-letters"
    assert ask.get(path)["total"] == 1
    assert ask("POST", f"{path}/replay", json={}).status_code == HTTPStatus.NOT_FOUND
    acme = api.asker("manage", owner="acme")
    assert acme("GET", path).status_code == HTTPStatus.NOT_FOUND
    assert acme("POST", f"{path}/purge", json={}).status_code == HTTPStatus.NOT_FOUND
    assert api.job(ask, ask("POST", f"{path}/purge", json={}))["result"]["count"] == 1


def test_the_archive_is_sent_to_a_listener(api: Api, ask: Asker) -> None:
    for event in (*people(3), Event(type="order", id="o")):
        publish_all(api.broker, [(amqp.encode(event), Address(api.names.events, event.type))])
    path = "/v1/listeners/joe/replays"
    job = api.job(ask, ask("POST", f"{path}/preview", json={"show": 1}))
    assert (job["result"]["seen"], job["result"]["wanted"]) == (4, 3)
    assert len(job["result"]["first"]) == 1

    job = api.job(ask, ask("POST", path, json={"since": "2020-01-01T00:00:00Z"}))
    assert (job["kind"], job["target"], job["state"]) == ("replay.begin", "listener joe", "done")
    assert queued(api) == ["0", "1", "2"]
    [replay] = ask.get("/v1/replays", params={"listener": "joe"})["items"]
    assert replay["id"] == job["arguments"]["id"]
    assert (replay["state"], replay["sent"], replay["seen"]) == ("done", 3, 4)
    assert ask.get(f"/v1/replays/{replay['id']}") == replay

    job = api.job(ask, ask("POST", f"/v1/replays/{replay['id']}/resume"))
    assert job["state"] == "failed"
    assert job["failure"]["error"] == "Conflict"
    assert ask("POST", f"{path}", json={"since": "3020-01-01T00:00:00Z"}).status_code == 202

    job = api.job(ask, ask("POST", f"{path}/one", json={"event": "1"}))
    assert (job["kind"], job["state"], job["result"]["event"]) == ("replay.one", "done", "1")
    assert queued(api) == ["0", "1", "2", "1"]
    job = api.job(ask, ask("POST", f"{path}/one", json={"event": "o"}))
    assert (job["state"], job["failure"]["error"]) == ("failed", "NotFound")


def test_orphans_are_looked_at_and_sent_again(api: Api, ask: Asker) -> None:
    [event] = people(1)
    publish_all(api.broker, [(amqp.encode(event), Address(api.names.deliver, "zoe"))])
    told = ask.get("/v1/orphans")
    assert told["total"] == 1
    assert told["listeners"] == [{"listener": "zoe", "orphans": 1, "state": "gone"}]
    assert told["items"][0]["event_id"] == event.id

    job = api.job(ask, ask("POST", "/v1/orphans/replay", json={}))
    assert job["result"]["kept"] == {"zoe": 1}
    ask.post("/v1/listeners", NEW | {"id": "zoe"})
    assert api.job(ask, ask("POST", "/v1/orphans/replay", json={}))["result"]["count"] == 1
    assert queued(api, "zoe") == [event.id]
    assert api.job(ask, ask("POST", "/v1/orphans/purge", json={}))["result"]["count"] == 0


def test_what_was_set_aside_is_looked_at(api: Api, ask: Asker) -> None:
    message = Message(body=b"\xff", content_type="application/json", headers={"x": "y"})
    publish_all(api.broker, [(message, Address(api.names.invalid, "person"))])
    told = ask.get("/v1/set-aside/invalid")
    assert told["total"] == 1
    [one] = told["items"]
    assert (one["routing_key"], one["bytes"]) == ("person", 1)
    found = ask.get(f"/v1/set-aside/invalid/messages/{one['id']}")
    assert found["unreadable_now"]
    assert ask("GET", "/v1/set-aside/invalid/messages/abc").status_code == HTTPStatus.NOT_FOUND
    assert ask("GET", "/v1/set-aside/elsewhere").status_code in INVALID

    job = api.job(ask, ask("POST", "/v1/set-aside/invalid/replay", json={}))
    assert job["result"]["count"] == 0
    purge = {"ids": [one["id"]]}
    job = api.job(ask, ask("POST", "/v1/set-aside/invalid/purge", json=purge))
    assert job["result"]["count"] == 1
    assert ask.get("/v1/set-aside/unrouted") == {"total": 0, "items": []}


class Slow:
    """Stands in for an operation: goes on until it is told to stop, or to end."""

    def __init__(self) -> None:
        self.end = threading.Event()
        self.begun = threading.Semaphore(0)
        self.error: Exception | None = None

    def __call__(self, _name: str, context: Any, _given: object, progress: Any) -> object:
        progress(1, 3)
        self.begun.release()
        while not self.end.wait(0.01) and not context.stop.is_set():
            pass
        if self.error is not None:
            raise self.error
        return {"count": 1}


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    stand_in = Slow()
    monkeypatch.setattr(catalogue, "run", stand_in)
    monkeypatch.setattr(working, "_TICK_S", 0.01)
    return stand_in


REPLAY = "/v1/listeners/joe/dead-letters/replay"


def test_a_job_tells_how_far_it_has_come_and_is_stopped(ask: Asker, slow: Slow) -> None:
    begun = ask.post(REPLAY, {})
    assert begun["state"] == "running"
    place = f"/v1/jobs/{begun['id']}"
    while (job := ask.get(place))["done"] == 0:
        slow.end.wait(0.01)
    assert (job["done"], job["total"], job["result"]) == (1, 3, None)
    assert ask("POST", f"{place}/stop").status_code == HTTPStatus.ACCEPTED
    while (job := ask.get(place))["state"] == "running":
        slow.end.wait(0.01)
    assert (job["state"], job["result"]) == ("stopped", {"count": 1})


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (BrokerUnavailable("Away."), {"error": "BrokerUnavailable", "message": "Away."}),
        (ZeroDivisionError(), {"error": "DurianError"}),
    ],
)
def test_a_job_that_fails_says_why(
    api: Api, ask: Asker, slow: Slow, error: Exception, told: dict[str, str]
) -> None:
    slow.error = error
    slow.end.set()
    job = api.job(ask, ask("POST", REPLAY, json={}))
    assert job["state"] == "failed"
    assert told.items() <= job["failure"].items()


def test_so_many_jobs_are_worked_on_at_once(
    api: Api, ask: Asker, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "MOST_JOBS", 2)
    begun = [ask("POST", REPLAY, json={}) for _ in range(2)]
    refused = ask("POST", REPLAY, json={})
    assert refused.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert refused.json()["code"] == "overloaded"
    slow.end.set()
    assert {api.job(ask, one)["state"] for one in begun} == {"done"}


def test_jobs_are_listed_and_an_owner_has_their_own(api: Api, ask: Asker) -> None:
    ask.post("/v1/listeners", NEW | {"id": "zoe", "owner": "bolt"})
    ask("PATCH", "/v1/listeners/joe", json={"owner": "acme"})
    jobs = [
        api.job(ask, ask("POST", f"/v1/listeners/{name}/dead-letters/replay", json={}))["id"]
        for name in ("joe", "zoe", "joe")
    ]
    first = ask.get("/v1/jobs", params={"limit": 2})
    assert [one["id"] for one in first["items"]] == [jobs[2], jobs[1]]
    rest = ask.get("/v1/jobs", params={"cursor": first["next"]})
    assert ([one["id"] for one in rest["items"]], rest["next"]) == ([jobs[0]], None)
    asked = {"target": "listener zoe"}
    assert [one["id"] for one in ask.get("/v1/jobs", params=asked)["items"]] == [jobs[1]]

    acme = api.asker("replay", owner="acme")
    assert [one["id"] for one in acme.get("/v1/jobs")["items"]] == [jobs[2], jobs[0]]
    for method, path in (("GET", ""), ("POST", "/stop")):
        assert acme(method, f"/v1/jobs/{jobs[1]}{path}").status_code == HTTPStatus.NOT_FOUND
    for path in ("dead-letters/replay", "replays", "replays/preview"):
        refused = acme("POST", f"/v1/listeners/zoe/{path}", json={})
        assert refused.status_code == HTTPStatus.NOT_FOUND
    for path in ("/v1/orphans", "/v1/set-aside/invalid", "/v1/set-aside/invalid/messages/abc"):
        assert acme("GET", path).status_code == HTTPStatus.FORBIDDEN


def test_a_job_whose_process_is_gone_is_lost(api: Api, ask: Asker, slow: Slow) -> None:
    begun = ask.post(REPLAY, {})
    with api.store._database.locked() as connection:
        connection.exec_driver_sql("UPDATE durian_jobs SET leased_until = 0, holder = 'x'")
    assert ask.get(f"/v1/jobs/{begun['id']}")["state"] == "lost"
    slow.end.set()


def test_dead_letters_are_counted_page_by_page_where_there_are_many_listeners(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"n-{number:04}" for number in range(1200)]
    api.store.add_listeners((listener(name), secret()) for name in names)
    for name in (names[0], names[700], names[-1]):
        give_up(api.broker, api.names, name, *people(2))
    api.store.remove_listener(names[700])
    asked: list[int] = []

    def counted(broker: Broker, queues: Collection[str]) -> dict[str, QueueState]:
        asked.append(len(queues))
        return inspect_all(broker, queues)

    monkeypatch.setattr(dead, "inspect_all", counted)
    ask = api.asker("read")
    pages = [ask.get("/v1/dead-letters")]
    while cursor := pages[-1]["next"]:
        pages.append(ask.get("/v1/dead-letters", params={"cursor": cursor}))

    found = [set(page["listeners"].items()) for page in pages]
    assert found == [{(names[0], 2)}, {(names[700], 2)}, {(names[-1], 2)}]
    assert asked == [500, 500, 200]
    few = ask.get("/v1/dead-letters", params={"limit": 3})
    assert few["listeners"] == {names[0]: 2}
    assert asked[-1] == 3
