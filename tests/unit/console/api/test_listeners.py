"""`/v1/listeners`: added, changed at the version that was read, paused, rotated and removed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest

from durian.errors import QueueMissing
from durian.registry import OpenBreaker
from durian.signature import new_secret
from tests.support.api import INVALID, Api, Asker

NEW = {"url": "https://joe.example/hook", "event": "person", "id": "joe"}


@pytest.fixture
def manager(api: Api) -> Asker:
    return api.asker("manage")


def queued(api: Api, name: str = "joe") -> int:
    return api.broker.ready(api.names.listener_queue(name))


def test_a_listener_is_added_with_its_queue(api: Api, manager: Asker) -> None:
    filter_ = {"name": {"startswith": "J"}}
    response = manager("POST", "/v1/listeners", json=NEW | {"filter": filter_})
    assert response.status_code == HTTPStatus.CREATED
    assert response.headers["location"] == "/v1/listeners/joe"
    made = response.json()
    assert made["secret"].startswith("whsec_")
    assert (made["filter"], made["state"], made["owner"]) == (filter_, "enabled", None)
    assert queued(api) == 0

    told = manager("GET", response.headers["location"])
    assert told.json() == {name: made[name] for name in made.keys() - {"secret"}}
    assert told.headers["etag"] == response.headers["etag"]


def test_an_id_and_a_secret_are_made_or_taken(manager: Asker) -> None:
    own = new_secret()
    made = manager.post("/v1/listeners", {"url": NEW["url"], "event": "person", "secret": own})
    assert made["id"].startswith("joe-example-hook-")
    assert made["secret"] == own
    again = manager("POST", "/v1/listeners", json=NEW | {"id": made["id"]})
    assert again.status_code == HTTPStatus.CONFLICT


@pytest.mark.parametrize(
    ("fields", "pointer", "words"),
    [
        ({"url": "ftp://joe.example/"}, "#/url", "http"),
        ({"url": 7}, "#/url", "must be text"),
        ({"event": "pers*n"}, "#/event", "wildcard inside"),
        ({"id": "Joe"}, "#/id", "must look like"),
        ({"filter": {"name": {"startwith": "J"}}}, "#/filter", "startwith"),
        ({"filter": []}, "#/filter", "must be a JSON object"),
        ({"policy": {"timeout_s": 0}}, "#/policy/timeout_s", "must be more than 0"),
        ({"policy": {"schedule_s": [0, -1]}}, "#/policy/schedule_s/1", "must be at least 0"),
        ({"policy": {"headers": {"Host": "x"}}}, "#/policy/headers", "Host"),
        ({"policy": {"ordered": True, "schedule_s": [5]}}, "#/policy", "must begin with 0"),
        ({"policy": {"ca_pem": "x"}}, "#/policy", "ca_pem"),
        ({"owner": ""}, "#/owner", "at least 1"),
        ({"secret": "x"}, "#/secret", "whsec_"),
        ({"key_pem": "x"}, "#/key_pem", "cert_pem"),
        ({"retries": 3}, "#/retries", "not a known field"),
    ],
    ids=str,
)
def test_what_is_wrong_is_pointed_at(
    manager: Asker, fields: dict[str, Any], pointer: str, words: str
) -> None:
    response = manager("POST", "/v1/listeners", json=NEW | fields)
    assert response.status_code in INVALID
    [fault] = response.json()["errors"]
    assert fault["pointer"] == pointer
    assert words in fault["detail"]


def test_only_what_is_named_is_changed(manager: Asker) -> None:
    policy = {"timeout_s": 5, "rate_per_s": 2, "headers": {"X-Api-Key": "k"}}
    made = manager.post("/v1/listeners", NEW | {"policy": policy, "description": "ours"})
    patch = {"url": "https://joe.example/2", "policy": {"timeout_s": 7, "rate_per_s": None}}
    changed = manager("PATCH", "/v1/listeners/joe", json=patch).json()

    assert (changed["url"], changed["description"]) == ("https://joe.example/2", "ours")
    assert changed["policy"] == made["policy"] | {"timeout_s": 7, "rate_per_s": None}
    reset = manager("PATCH", "/v1/listeners/joe", json={"policy": {"timeout_s": None}}).json()
    assert reset["policy"]["timeout_s"] == 15
    emptied = manager("PATCH", "/v1/listeners/joe", json={"filter": {}, "description": ""}).json()
    assert (emptied["filter"], emptied["description"]) == ({}, "")


@pytest.mark.parametrize("patch", [{"url": None}, {"policy": None}, {"enabled": None}, {"id": "x"}])
def test_what_cannot_be_nothing_is_not_made_so(manager: Asker, patch: dict[str, Any]) -> None:
    manager.post("/v1/listeners", NEW)
    assert manager("PATCH", "/v1/listeners/joe", json=patch).status_code in INVALID


def test_a_change_at_another_version_is_refused(manager: Asker) -> None:
    first = manager("POST", "/v1/listeners", json=NEW).headers["etag"]
    tagged = {"If-Match": first}
    assert manager("PATCH", "/v1/listeners/joe", json={"paused": True}, headers=tagged).is_success
    for method, body in (("PATCH", {"paused": False}), ("DELETE", None)):
        stale = manager(method, "/v1/listeners/joe", json=body, headers=tagged)
        assert stale.status_code == HTTPStatus.PRECONDITION_FAILED
    assert manager.get("/v1/listeners/joe")["state"] == "paused"


def test_what_its_queue_is_made_of_cannot_be_changed(manager: Asker) -> None:
    manager.post("/v1/listeners", NEW)
    response = manager("PATCH", "/v1/listeners/joe", json={"policy": {"ordered": True}})
    assert response.json()["errors"][0]["pointer"] == "#/policy/ordered"


def test_it_is_paused_resumed_disabled_and_removed(api: Api, manager: Asker) -> None:
    manager.post("/v1/listeners", NEW)
    assert manager.post("/v1/listeners/joe/pause")["state"] == "paused"
    assert manager.post("/v1/listeners/joe/resume")["state"] == "enabled"
    assert (
        manager("PATCH", "/v1/listeners/joe", json={"enabled": False}).json()["state"] == "disabled"
    )
    assert manager("DELETE", "/v1/listeners/joe").status_code == HTTPStatus.NO_CONTENT
    assert manager("GET", "/v1/listeners/joe").status_code == HTTPStatus.NOT_FOUND
    with pytest.raises(QueueMissing):
        queued(api)


def test_a_breaker_that_is_open_is_told(api: Api, manager: Asker) -> None:
    manager.post("/v1/listeners", NEW)
    api.store.open_breaker(
        OpenBreaker(
            listener_id="joe", failing_since=0, failures=12, opened_at=0, next_probe_at=60, probes=1
        )
    )
    told = manager.get("/v1/listeners/joe")
    assert told["state"] == "failing"
    assert told["breaker"] == {
        "failing_since": "1970-01-01T00:00:00Z",
        "failures": 12,
        "probes": 1,
        "next_probe_at": "1970-01-01T00:01:00Z",
    }


def test_a_secret_is_rotated(api: Api, manager: Asker) -> None:
    first = manager.post("/v1/listeners", NEW)["secret"]
    second = manager.post("/v1/listeners/joe/rotate-secret", {})["secret"]
    assert second != first
    now = api.broker.clock.now()
    assert [one.value for one in api.store.secrets_of("joe", now)] == [second, first]
    assert [one.value for one in api.store.secrets_of("joe", now + 2 * 86_400)] == [second]

    pair = manager.post("/v1/listeners/joe/rotate-secret", {"overlap_s": 0, "kind": "ed25519"})
    assert pair["secret"].startswith("whsk_")
    assert [one.value for one in api.store.secrets_of("joe", now + 1)] == [pair["secret"]]


def test_what_may_all_be_left_out_needs_no_body(manager: Asker) -> None:
    first = manager.post("/v1/listeners", NEW)["secret"]
    rotated = manager("POST", "/v1/listeners/joe/rotate-secret")
    assert rotated.json()["secret"] != first
    assert manager("POST", "/v1/listeners/joe/test").status_code == 202
    purged = manager("POST", "/v1/listeners/joe/dead-letters/purge")
    assert purged.json()["errors"] == [{"detail": "is missing", "pointer": "#"}]


def test_listeners_come_in_pages_and_are_searched(manager: Asker) -> None:
    for name in ("joe", "ann", "zoe"):
        manager.post(
            "/v1/listeners", {"id": name, "url": f"https://{name}.example/", "event": name}
        )
    manager("PATCH", "/v1/listeners/zoe", json={"enabled": False, "description": "50% of JOE"})

    def ids(**asked: Any) -> list[str]:
        return [one["id"] for one in manager.get("/v1/listeners", params=asked)["items"]]

    first = manager.get("/v1/listeners", params={"limit": 2})
    assert [one["id"] for one in first["items"]] == ["ann", "joe"]
    assert ids(cursor=first["next"]) == ["zoe"]
    assert ids(event="ann") == ["ann"]
    assert ids(enabled=False) == ["zoe"]
    assert ids(search="joe") == ["joe", "zoe"]
    assert ids(search="50%") == ["zoe"]
    assert ids(search="%") == ["zoe"]


def test_one_owners_listeners_are_listed(api: Api, manager: Asker) -> None:
    for name, owner in (("ann", "acme"), ("bo", "bolt"), ("joe", "acme"), ("zoe", None)):
        manager.post("/v1/listeners", NEW | {"id": name, "owner": owner})

    def ids(ask: Asker, owner: str) -> list[str]:
        found = ask.get("/v1/listeners", params={"owner": owner})
        return [one["id"] for one in found["items"]]

    assert ids(manager, "acme") == ["ann", "joe"]
    assert ids(manager, "nobody") == []
    bolt = api.asker("read", owner="bolt")
    assert (ids(bolt, "bolt"), ids(bolt, "acme")) == (["bo"], [])


def test_credentials_are_shown_only_to_who_may_change_them(api: Api, manager: Asker) -> None:
    manager.post("/v1/listeners", NEW | {"policy": {"headers": {"X-Api-Key": "hunter2"}}})
    reader = api.asker("read")
    assert reader.get("/v1/listeners/joe")["policy"]["headers"] == {"X-Api-Key": "***"}
    assert manager.get("/v1/listeners/joe")["policy"]["headers"] == {"X-Api-Key": "hunter2"}


def test_an_owner_has_their_own_listeners_alone(api: Api, manager: Asker) -> None:
    manager.post("/v1/listeners", NEW | {"owner": "bolt"})
    acme = api.asker("manage", owner="acme")
    mine = acme.post("/v1/listeners", {"url": NEW["url"], "event": "person"})
    assert mine["owner"] == "acme"
    assert [one["id"] for one in acme.get("/v1/listeners")["items"]] == [mine["id"]]

    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"paused": True}),
        ("DELETE", "", None),
        ("POST", "/pause", None),
        ("POST", "/resume", None),
        ("POST", "/rotate-secret", {}),
        ("POST", "/test", {}),
    ):
        told = acme(method, f"/v1/listeners/joe{path}", json=body)
        assert told.status_code == HTTPStatus.NOT_FOUND, path
    for fields in ({"id": "ann"}, {"owner": "bolt"}):
        refused = acme("POST", "/v1/listeners", json={"url": NEW["url"], "event": "x"} | fields)
        assert refused.json()["errors"][0]["pointer"] == f"#/{next(iter(fields))}"
    for owner in ("bolt", None):
        path = f"/v1/listeners/{mine['id']}"
        assert acme("PATCH", path, json={"owner": owner}).status_code in INVALID
    assert manager("PATCH", path, json={"owner": None}).json()["owner"] is None
    assert acme("GET", path).status_code == HTTPStatus.NOT_FOUND


def test_a_test_event_goes_to_one_listener_alone(api: Api, manager: Asker) -> None:
    manager.post("/v1/listeners", NEW | {"filter": {"name": "Bo"}})
    manager.post("/v1/listeners", NEW | {"id": "ann", "event": "#"})
    manager("PUT", "/v1/hooks/person", json={"example": {"name": "Joe"}})

    sent = manager.post("/v1/listeners/joe/test", {})
    assert (sent["type"], sent["source"]) == ("person", "/durian/test")
    [message] = api.broker.messages(api.names.listener_queue("joe"))
    assert message.body == b'{"name":"Joe"}'
    assert message.headers["ce-id"] == sent["event_id"]
    assert queued(api, "ann") == 0

    manager.post("/v1/listeners/ann/test", {"data": [1]})
    [message] = api.broker.messages(api.names.listener_queue("ann"))
    assert (message.body, message.headers["ce-type"]) == (b"[1]", "test")


@pytest.mark.parametrize("test", [{"type": "a b"}, {"type": "x" * 256}, {"x": 1}])
def test_a_test_event_that_cannot_be_is_refused(manager: Asker, test: dict[str, Any]) -> None:
    manager.post("/v1/listeners", NEW)
    response = manager("POST", "/v1/listeners/joe/test", json=test)
    assert response.status_code in INVALID
