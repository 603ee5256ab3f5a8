"""Commands at a server, by its REST API: they do and print what they do and print here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from durian.broker.blocking import declare_all, publish_all
from durian.broker.port import Address
from durian.client import client as client_module
from durian.console import exits
from durian.console.operations import catalogue
from durian.console.operations.operation import Context
from durian.console.operations.runner import unseen
from durian.events import Event
from durian.events.message import Message
from tests.support.api import Api
from tests.support.asking import serving
from tests.support.commands import CommandLine
from tests.support.letters import give_up

ADD = ("listeners", "add", "https://joe.example/hook", "--event", "person")


@pytest.fixture
def api(run: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A server with a registry and a broker of its own; commands show it an admin's token."""
    del run  # its folder
    monkeypatch.setattr(client_module, "LOOK_S", 0.01)
    with Api(f"sqlite:///{tmp_path}/durian.db") as api, serving(api.app) as url:
        monkeypatch.setenv("DURIAN_SERVER", url)
        monkeypatch.setenv("DURIAN_TOKEN", api.token("admin"))
        # What is asked of the server goes to no registry, and to no broker.
        monkeypatch.setenv("DURIAN_REGISTRY_URL", "sqlite:///nowhere/durian.db")
        monkeypatch.setenv("DURIAN_BROKER_URL", "amqp://127.0.0.1:1/")
        yield api


def people(count: int) -> list[Event]:
    return [Event(type="person", id=str(n), data={"n": n}) for n in range(count)]


def here(api: Api, name: str, **given: object) -> object:
    """What the operation tells where the broker is, as JSON."""
    context = Context(broker=api.broker, names=api.names, store=api.store)
    return json.loads(json.dumps(catalogue.run(name, context, given, unseen)))


def test_a_listener_from_its_first_day_to_its_last(run: CommandLine, api: Api) -> None:
    options = ("--id", "joe", "--match", "name=Joe", "--policy", "timeout_s=5")
    (added,) = run.json(*ADD, *options)
    assert added["id"] == "joe"
    assert api.store.get_listener("joe").policy.timeout_s == 5
    assert "name=Joe" in run("listeners", "list")
    for command, state in (
        ("pause", "paused"),
        ("resume", "active"),
        ("disable", "disabled"),
        ("enable", "active"),
    ):
        assert run.json("listeners", command, "joe") == [{"id": "joe"}]
        assert run.json("listeners", "show", "joe")[0]["state"] == state
    (rotated,) = run.json("listeners", "rotate", "joe", "--overlap", "0s")
    assert [one.value for one in api.store.secrets_of("joe", 2e9)] == [rotated["secret"]]
    run("listeners", "remove", "joe")
    assert "No listener joe" in run("listeners", "show", "joe", code=exits.FAILED)


def test_events_are_emitted_and_explained(run: CommandLine, api: Api, tmp_path: Path) -> None:
    run(*ADD, "--id", "joe", "--match", "n=1")
    (sent,) = run.json("emit", "person", '{"n": 1}')
    (tmp_path / "lines").write_text('{"n": 2}\n{"n": 3}\n')
    assert run.json("emit", "person", "--lines", "lines") == [{"emitted": 2}]
    (told,) = run.json("explain", sent["id"])
    assert told == here(api, "explain", event=sent["id"])
    assert [one["listener"] for one in told["listeners"]] == ["joe"]
    assert "webhook-id" in run("explain", sent["id"], "joe", "--since", "1h")


def test_dead_letters_are_counted_shown_replayed_and_purged(run: CommandLine, api: Api) -> None:
    run(*ADD, "--id", "joe")
    first, *_ = give_up(api.broker, api.names, "joe", *people(3))
    assert run.json("dead", "list") == [{"joe": 3}]
    told = here(api, "dead.browse", listener="joe")
    assert isinstance(told, list)
    shown = run.json("dead", "show", "joe")
    assert shown == told
    assert run.json("dead", "replay", "joe", first) == [{"replayed": 1, "kept": {}, "missing": []}]
    assert run("dead", "purge", "joe", "--yes").startswith("2 purged")
    assert run.json("dead", "list") == [{}]


def test_the_archive_is_replayed(run: CommandLine, api: Api) -> None:
    run(*ADD, "--id", "joe")
    run("emit", "person", "{}")
    (seen,) = run.json("listeners", "backfill", "joe", "--dry-run")
    assert (seen["seen"], seen["wanted"]) == (1, 1)
    (done,) = run.json("replay", "--listener", "joe", "--since", "1h", "--rate", "100")
    assert (done["state"], done["sent"], done["listener_id"]) == ("done", 1, "joe")
    assert [one["id"] for one in run.json("replay", "list")] == [done["id"]]
    told = run("replay", "--resume", done["id"], code=exits.FAILED)
    assert "is done" in told
    assert api.store.get_replay(done["id"]).sent == 1


def test_what_lies_beside_the_way_is_looked_after(run: CommandLine, api: Api) -> None:
    declare_all(api.broker, api.names.house())
    publish_all(
        api.broker,
        [(Message(body=b"{", headers={"x-durian-reason": "odd"}), Address(api.names.invalid, "k"))],
    )
    (odd,) = run.json("invalid", "list")
    assert run.json("invalid", "show", odd["id"]) == [odd | {"unreadable_now": ""}]
    assert run.json("invalid", "purge", "--yes") == [{"purged": 1, "kept": {}, "missing": []}]
    assert run.json("orphans", "list") == [{"total": 0, "looked": 0, "listeners": []}]
    assert run.json("orphans", "show") == []
    assert run.json("orphans", "replay") == [{"replayed": 0, "kept": {}, "missing": []}]


def test_an_owner_works_on_what_is_theirs(
    run: CommandLine, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*ADD, "--id", "joe")
    give_up(api.broker, api.names, "joe", *people(1))
    monkeypatch.setenv("DURIAN_TOKEN", api.token("manage", "replay", owner="acme"))
    (mine,) = run.json(*ADD)
    assert [one["id"] for one in run.json("listeners", "list")] == [mine["id"]]
    give_up(api.broker, api.names, mine["id"], *people(2))
    assert run.json("dead", "list") == [{mine["id"]: 2}]
    assert run.json("dead", "replay", mine["id"])[0]["replayed"] == 2
    assert "No listener joe" in run("dead", "replay", "joe", code=exits.FAILED)
    assert f"Did you mean {mine['id']}?" in run("dead", "show", mine["id"][:-1], code=exits.FAILED)
    assert "orphans" in run("orphans", "list", code=exits.FAILED).lower()


def test_a_token_that_is_not_known_says_what_to_do(
    run: CommandLine, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    del api
    monkeypatch.setenv("DURIAN_TOKEN", "durian_unknown")
    told = run("dead", "list", code=exits.FAILED)
    assert "Set DURIAN_TOKEN" in told


def test_a_server_that_is_none_is_named(run: CommandLine) -> None:
    told = run("dead", "list", "--server", "durian.example", code=exits.USAGE)
    assert "--server: must look like https://durian.example" in told
