"""The client against the REST API as it is served, on the embedded broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from durian.client import Client, JobFailed
from durian.client import client as module
from durian.errors import (
    Conflict,
    InvalidInput,
    ListenerUnknown,
    NotAllowed,
    NotAuthenticated,
    NotFound,
)
from durian.events import Event
from tests.support.api import Api
from tests.support.asking import serving
from tests.support.letters import give_up
from tests.support.registry import put_registry

NEW = {"url": "https://joe.example/hook", "event": "person"}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    put_registry(tmp_path)
    with Api(f"sqlite:///{tmp_path}/durian.db") as running:
        yield running


@pytest.fixture
def url(api: Api) -> Iterator[str]:
    with serving(api.app) as url:
        yield url


@pytest.fixture
def client(api: Api, url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr(module, "LOOK_S", 0.01)
    with Client(url, api.token("admin")) as client:
        yield client


def test_a_listener_from_its_first_day_to_its_last(client: Client) -> None:
    made = client.create_listener(**NEW, filter={"name": "Joe"})
    name = made["id"]
    assert made["secret"].startswith("whsec_")
    assert client.pause_listener(name)["state"] == "paused"
    assert client.resume_listener(name)["state"] == "enabled"
    assert client.update_listener(name, description="Joe's")["description"] == "Joe's"
    assert client.rotate_secret(name, overlap_s=0) != made["secret"]
    assert [one["filter"] for one in client.listeners(search="joe")] == [{"name": "Joe"}]
    assert client.listener_stats([name])[0]["ready"] == 0
    client.remove_listener(name)
    with pytest.raises(NotFound, match=name):
        client.listener(name)


def test_events_are_published_and_found(client: Client) -> None:
    ids = client.publish([Event(type="person", data={"n": n}) for n in range(3)])
    found = [one["attributes"]["id"] for one in client.events(pattern="person", most=2)]
    assert found == ids[:0:-1]
    assert client.explain(ids[0])["listeners"] == []
    assert client.stats()["listeners"] == 0
    assert list(client.attempts(event=ids[0])) == []


def test_dead_letters_are_sent_again_by_a_job_that_is_followed(api: Api, client: Client) -> None:
    client.create_listener(**NEW, id="joe")
    give_up(api.broker, api.names, "joe", *(Event(type="person", data=n) for n in range(3)))
    assert client.call("GET", "/v1/dead-letters") == {"listeners": {"joe": 3}, "next": None}
    seen: list[tuple[int, int]] = []
    job = client.begin("/v1/listeners/joe/dead-letters/replay", {})
    report = client.follow(job, lambda done, total: seen.append((done, total)))
    assert report["count"] == 3
    assert seen[-1] == (3, 3)
    assert client.call("GET", "/v1/dead-letters") == {"listeners": {}, "next": None}


def test_a_job_that_fails_says_why(client: Client) -> None:
    client.create_listener(**NEW, id="joe")
    path = "/v1/listeners/joe/replays"
    done = client.begin(path, {})
    client.follow(done)
    again = client.begin(f"/v1/replays/{done['arguments']['id']}/resume")
    with pytest.raises(JobFailed, match="is done") as caught:
        client.follow(again)
    assert caught.value.failure is not None
    assert caught.value.failure["error"] == "Conflict"


def test_a_list_is_read_page_by_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("durian.client.transport.PAGE", 2)
    names = [f"joe-{n}" for n in range(5)]
    for name in names:
        client.create_listener(**NEW, id=name)
    assert [one["id"] for one in client.listeners()] == names
    assert len(list(client.pages("/v1/listeners", most=3))) == 3


def test_what_the_server_refuses_is_the_error_that_it_is_there(
    api: Api, url: str, client: Client
) -> None:
    client.create_listener(**NEW, id="joe")
    with pytest.raises(Conflict):
        client.create_listener(**NEW, id="joe")
    with pytest.raises(InvalidInput, match="filter: ") as caught:
        client.create_listener(**NEW, filter={"name": {"like": "("}})
    assert caught.value.field == "filter"
    with pytest.raises(InvalidInput, match=r"policy\.timeout_s"):
        client.update_listener("joe", policy={"timeout_s": 0})
    with pytest.raises(NotFound) as unknown:
        client.listener("jo/e")
    assert not isinstance(unknown.value, ListenerUnknown)
    with Client(url, api.token("read")) as reader, pytest.raises(NotAllowed):
        reader.pause_listener("joe")
    with Client(url, "durian_x") as stranger, pytest.raises(NotAuthenticated) as refused:
        list(stranger.listeners())
    assert "DURIAN_TOKEN" in refused.value.advice
