"""Commands at a server, by its REST API: they do and print what they do and print here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from durian.broker.blocking import declare_all, publish_all
from durian.broker.port import Address
from durian.client import client as client_module
from durian.console import audit, entry, exits, hooks
from durian.console.explain import gather
from durian.console.operations import catalogue
from durian.console.operations.operation import Context
from durian.console.operations.runner import unseen
from durian.consumers.delivery import webhook_id_of
from durian.events import Event
from durian.events.message import Message
from tests.support.api import Api
from tests.support.asking import serving
from tests.support.commands import CommandLine
from tests.support.letters import give_up
from tests.support.registry import attempt

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
    run(*ADD, "--id", "ann", "--owner", "acme")
    assert [one["id"] for one in run.json("listeners", "list", "--owner", "acme")] == ["ann"]
    run("listeners", "remove", "ann")
    for command, state in (
        ("pause", "paused"),
        ("resume", "enabled"),
        ("disable", "disabled"),
        ("enable", "enabled"),
    ):
        assert run.json("listeners", command, "joe") == [{"id": "joe"}]
        assert run.json("listeners", "show", "joe")[0]["state"] == state
    change = ("--url", "https://joe.example/other", "--match", "name=Bo", "--batch", "7")
    assert run.json("listeners", "update", "joe", *change, "--policy", "timeout_s=null")
    told = run("listeners", "update", "joe", "--description", "Joe")
    assert "wants   person where name=Bo" in told
    joe = api.store.get_listener("joe")
    assert (joe.url, joe.filter) == ("https://joe.example/other", '{"name":"Bo"}')
    assert (joe.policy.batch_events, joe.policy.timeout_s) == (7, 15)
    assert "go on signing beside it, until" in run("listeners", "rotate", "joe")
    assert "sign nothing any more" in run("listeners", "rotate", "joe", "--overlap", "0s")
    (rotated,) = run.json("listeners", "rotate", "joe", "--overlap", "0s")
    assert [one.value for one in api.store.secrets_of("joe", 2e9)] == [rotated["secret"]]
    run("listeners", "remove", "joe")
    assert "No listener joe" in run("listeners", "show", "joe", code=exits.FAILED)


def test_what_is_in_the_way_of_a_listener_is_told_by_the_server(
    api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "http://localhost:9000/hook"
    assert entry.run(["listeners", "add", url, "--event", "person", "--id", "here"]) == exits.OK
    told, said = capsys.readouterr()
    assert "within a second; `durian listeners backfill here` sends it what came before." in told
    assert "localhost is not public: deliveries to it are blocked" in said
    assert "--allow-network 127.0.0.1/32,::1/128" in said
    assert said.strip() == "warning: " + api.asker("read").get("/v1/listeners/here")["warnings"][0]


def test_a_source_from_its_first_day_to_its_last(
    run: CommandLine, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    (added,) = run.json("sources", "add", "shop-hub", "--scheme", "github", "--description", "Ours")
    assert (added["path"], added["event"]) == ("/in/shop-hub", "shop_hub")
    assert api.store.source_secrets("shop-hub") == [added["secret"]]
    (listed,) = run.json("sources", "list")
    assert listed == {name: value for name, value in added.items() if name != "secret"}
    assert "shop_hub.#" in run("sources", "list")
    (rotated,) = run.json("sources", "rotate", "shop-hub", "--overlap", "0s")
    assert api.store.source_secrets("shop-hub") == [rotated["secret"]]
    monkeypatch.setenv("DURIAN_SOURCE_SECRET", "0123456789abcdef")
    assert run.json("sources", "rotate", "shop-hub") == [{"id": "shop-hub"}]
    assert api.store.source_secrets("shop-hub")[0] == "0123456789abcdef"
    run("sources", "remove", "shop-hub")
    assert run.json("sources", "list") == []
    assert "No source shop-hub" in run("sources", "remove", "shop-hub", code=exits.FAILED)


@pytest.mark.parametrize("others", [0, 2])
def test_where_there_are_many_it_is_told_as_well_why_nobody_wants_an_event(
    others: int, run: CommandLine, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "ASKED_MOST", 2)
    for number in range(5):
        run(*ADD, "--id", f"picky-{number}", "--match", "name=Zoe")
    for number in range(others):
        run("listeners", "add", "https://o.example/", "--event", "order", "--id", f"o{number}")
    (sent,) = run.json("emit", "person", '{"name": "Joe"}')
    (told,) = run.json("explain", sent["id"])
    assert told == here(api, "explain", event=sent["id"])
    assert len(told["listeners"]) == 5


def test_events_are_emitted_and_explained(run: CommandLine, api: Api, tmp_path: Path) -> None:
    run(*ADD, "--id", "joe", "--match", "n=1")
    (sent,) = run.json("emit", "person", '{"n": 1}')
    (tmp_path / "lines").write_text('{"n": 2}\n{"n": 3}\n')
    assert run.json("emit", "person", "--lines", "lines") == [{"emitted": 2}]
    (told,) = run.json("explain", sent["id"])
    assert told == here(api, "explain", event=sent["id"])
    assert [one["listener"] for one in told["listeners"]] == ["joe"]
    assert "webhook-id" in run("explain", sent["id"], "joe", "--since", "1h")


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("event_type", ["durian", "durian.listener.failing"])
def test_an_event_of_durians_own_is_emitted_with_a_warning(
    event_type: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry.run(["emit", event_type, "{}"]) == exits.OK
    assert capsys.readouterr().err.startswith(f"warning: {event_type}: events whose first word is")
    assert entry.run(["emit", "durians", "{}"]) == exits.OK
    assert capsys.readouterr().err == ""


def test_a_batch_is_found_by_its_webhook_id(run: CommandLine, api: Api) -> None:
    run(*ADD, "--id", "joe")
    names = [webhook_id_of("/shop", str(number), "joe") for number in range(3)]
    together = [
        attempt(name, event_id=str(number), event_source="/shop", batch_id="batch_1")
        for number, name in enumerate(names)
    ]
    api.store.add_attempts([*together, attempt("msg_9", event_id="9")])
    shown = run.json("deliveries", "show", "batch_1", "--listener", "joe")
    assert {one["event_id"] for one in shown} == {"0", "1", "2"}
    assert "batch_1" in run("deliveries", "show", names[2])
    assert "batch_1" in run("explain", "2", "joe")
    assert "batch" not in run("deliveries", "show", "msg_9")
    assert "No attempt of batch_2" in run("deliveries", "show", "batch_2", code=exits.FAILED)


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


def test_a_hook_from_its_first_day_to_its_last(run: CommandLine, api: Api, tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text('{"type": "object"}')
    run("hooks", "add", "shop.paid", "--schema", "schema.json", "--example", '{"n": 1}')
    (listed,) = run.json("hooks", "list")
    assert listed == hooks.described(api.store.get_hook("shop.paid"))
    assert run.json("hooks", "show", "shop.paid") == [listed]
    (schema,) = run.json("hooks", "schema", "shop.paid")
    assert (schema["type"], schema["examples"]) == ("object", [{"n": 1}])
    assert "shop.paid" in run("hooks", "asyncapi")
    run("hooks", "remove", "shop.paid")
    assert "shop.paid" in run("hooks", "show", "shop.paid", code=exits.FAILED)


def test_tokens_and_links_are_made_and_all_of_it_is_audited(run: CommandLine, api: Api) -> None:
    (made,) = run.json("tokens", "create", "ci", "--scope", "read", "--expires", "12h")
    assert made.pop("token").startswith(f"durian_{made['id']}_")
    assert made in run.json("tokens", "list")
    assert run.json("tokens", "revoke", made["id"]) == [{"id": made["id"]}]
    assert made["id"] not in run("tokens", "list")
    assert "scopes" in run("tokens", "create", "ci", "--scope", "write", code=exits.USAGE)
    (link,) = run.json("portal", "acme", "--scope", "read", "--expires", "15m")
    assert link["url"].startswith("http://127.0.0.1:1/portal/")
    entries = run.json("audit", "list", "--limit", "3")
    assert [one["action"] for one in entries] == ["portal.link", "token.revoke", "token.create"]
    kept = dict(audit.described(api.store.list_audit(limit=1).entries[0]))
    assert entries[0].pop("at") == pytest.approx(kept.pop("at"))
    assert entries[0] == kept
    assert len(run.json("audit", "list", "--target", f"token {made['id']}")) == 2


@pytest.fixture
def attempts(api: Api) -> None:
    """Two attempts at ann, and one at joe that was blocked."""
    ann = {"listener_id": "ann", "event_id": "e1", "result": "retry", "status": 503}
    api.store.add_attempts(
        [
            attempt("msg_a", **ann, number=1, at_ms=1_000_001),
            attempt("msg_a", **ann, number=2, at_ms=1_000_002, next_at_ms=1_300_000),
            attempt(
                "msg_j", event_id="e1", at_ms=1_000_003, kind="blocked", status=None,
                error="10.0.0.7 is not public", public_error="could not connect",
            ),
        ]
    )  # fmt: skip


@pytest.mark.usefixtures("attempts")
@pytest.mark.parametrize(
    "command",
    [
        ("list",),
        ("list", "--attempts", "--limit", "2"),
        ("list", "--listener", "ann", "--event", "e1", "--status", "503", "--since", "99999d"),
        ("list", "--until", "1970-01-01T00:16:40.002Z", "--attempts"),
        ("list", "--public"),
        ("show", "msg_a"),
        ("show", "e1"),
        ("show", "e1", "--listener", "joe"),
        ("show", "msg_j", "--public"),
    ],
    ids=" ".join,
)
def test_deliveries_are_told_as_they_are_where_the_registry_is(
    run: CommandLine, api: Api, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    there = run.json("deliveries", *command), run("deliveries", *command)
    monkeypatch.delenv("DURIAN_SERVER")
    monkeypatch.setenv("DURIAN_REGISTRY_URL", api.url)
    assert there == (run.json("deliveries", *command), run("deliveries", *command))
    assert there[0]


@pytest.mark.usefixtures("attempts")
def test_deliveries_of_nobody_are_an_error(run: CommandLine) -> None:
    told = run("deliveries", "list", "--listener", "zoe", code=exits.FAILED)
    assert "No listener zoe" in told
    assert run.json("deliveries", "list", "--listener", "ann", "--result", "dead") == []
    told = run("deliveries", "show", "msg_a", "--listener", "joe", code=exits.FAILED)
    assert "No attempt of msg_a at listener joe" in told
    assert "No attempt of a/b" in run("deliveries", "show", "a/b", code=exits.FAILED)


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
