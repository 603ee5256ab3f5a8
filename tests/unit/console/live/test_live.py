"""How everything fares and what passes, asked of a server again and again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from durian.client import Client
from durian.console import exits, recent
from durian.console.live import Tail, look
from durian.console.live.tail import Wanted, run_tail, wanted
from durian.console.output import console
from durian.errors import InvalidInput, ServerUnavailable
from durian.events import Event
from durian.registry import OpenBreaker
from tests.support.api import Api
from tests.support.asking import serving
from tests.support.commands import CommandLine
from tests.support.letters import give_up
from tests.support.registry import attempt, now_ms, put_registry

NEW = {"url": "https://joe.example/hook", "event": "person"}

Serve = Callable[[], Client]


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    # Elsewhere the end of the archive is remembered for a second.
    monkeypatch.setattr(recent, "_FRESH_S", 0.0)
    put_registry(tmp_path)
    with Api(f"sqlite:///{tmp_path}/durian.db") as running:
        yield running


@pytest.fixture
def url(api: Api) -> Iterator[str]:
    with serving(api.app) as url:
        yield url


@pytest.fixture
def client(api: Api, url: str) -> Iterator[Client]:
    with Client(url, api.token("admin")) as client:
        yield client


def record(api: Api, *names: str, **fields: Any) -> None:
    """Attempts that ended just now."""
    now = now_ms()
    api.store.add_attempts([attempt(name, at_ms=now, **fields) for name in names])


def test_listeners_that_fail_come_first_then_where_most_waits(api: Api, client: Client) -> None:
    for name in ("idle", "busy", "failing", "waiting"):
        client.create_listener(**NEW, id=name)
    api.store.open_breaker(
        OpenBreaker(listener_id="failing", failing_since=0, failures=9, opened_at=9,
                    next_probe_at=2e9, probes=1)
    )  # fmt: skip
    give_up(api.broker, api.names, "waiting", *(Event(type="person") for _ in range(2)))
    record(api, "msg_1", "msg_2", listener_id="busy")
    api.backlog.count()

    found = look(client, window_s=300, most=3)
    assert [row.id for row in found.rows] == ["failing", "waiting", "busy"]
    failing, waiting, busy = found.rows
    assert failing.failing_since == "1970-01-01T00:00:00Z"
    assert [row.state for row in found.rows] == ["failing", "enabled", "enabled"]
    client.pause_listener("busy")
    assert [row.state for row in look(client, window_s=300, most=3).rows][2] == "paused"
    assert waiting.dead == 2
    assert busy.success_rate == 1.0
    assert found.to_json()["rows"][0]["id"] == "failing"
    assert found.overview["failing"] == 1


def test_what_passes_is_told_once_and_in_order(api: Api, client: Client) -> None:
    client.publish([Event(type="person")])
    record(api, "msg_old")
    tail = Tail(client, Wanted())
    tail.skip()
    assert tail.poll() == []

    sent = client.publish([Event(type="person"), Event(type="order.paid")])
    record(api, "msg_1", "msg_2")
    found = tail.poll()
    assert [one["id"] for one in found if one["what"] == "event"] == sent
    told = {one["webhook_id"] for one in found if one["what"] == "attempt"}
    assert told == {"msg_1", "msg_2"}
    assert tail.poll() == []
    # A record that comes late, of an attempt before those that were told.
    early = attempt("msg_3", at_ms=now_ms() - 5000)
    api.store.add_attempts([early])
    assert [one["webhook_id"] for one in tail.poll()] == ["msg_3"]


def test_only_what_is_wanted_is_told(api: Api, client: Client) -> None:
    tail = Tail(client, Wanted(pattern="order.*"))
    tail.skip()
    client.publish([Event(type="person"), Event(type="order.paid")])
    record(api, "msg_1")
    record(api, "msg_2", event_type="order.paid")
    told = [(one["what"], one.get("type") or one["event_type"]) for one in tail.poll()]
    assert sorted(told) == [("attempt", "order.paid"), ("event", "order.paid")]

    only = Tail(client, wanted("#", "joe", "dead", events=False, attempts=False))
    record(api, "msg_3", result="dead", reason="too often")
    record(api, "msg_4", result="dead", reason="too often", listener_id="bo")
    assert [one["webhook_id"] for one in only.poll()] == ["msg_3"]


def test_an_owner_sees_attempts_at_their_listeners_and_no_events(api: Api, url: str) -> None:
    with Client(url, api.token("manage", owner="acme")) as owner:
        mine = owner.create_listener(**NEW)["id"]
        tail = Tail(owner, Wanted())
        tail.skip()
        with Client(url, api.token("publish")) as producer:
            producer.publish([Event(type="person")])
        record(api, "msg_1", listener_id=mine)
        record(api, "msg_2", listener_id="joe")
        assert [one["webhook_id"] for one in tail.poll()] == ["msg_1"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"result": "lost"}, "--result"),
        ({"listener": "joe", "events": True}, "--events"),
        ({"events": True, "attempts": True}, "--events"),
    ],
)
def test_what_does_not_go_together_is_named(given: dict[str, Any], field: str) -> None:
    usual: dict[str, Any] = {"result": None, "listener": None, "events": False, "attempts": False}
    with pytest.raises(InvalidInput) as caught:
        wanted(pattern="#", **usual | given)
    assert caught.value.field == field


class Away:
    """A tail whose server goes away and comes back, and then is told to stop."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self.polls = 0

    def skip(self) -> None:
        """Nothing is there."""

    def poll(self) -> list[dict[str, Any]]:
        self.polls += 1
        if self.polls == 1:
            raise ServerUnavailable
        self._stop.set()
        return [{"what": "event", "at": "2026-11-23T10:00:00Z", "type": "person", "id": "1",
                 "source": "/s"}]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "words"),
    [({"as_json": True}, '"what": "event"'), ({"as_json": False}, "event    person  1  /s")],
)
def test_a_server_that_comes_back_is_followed_on(
    options: dict[str, bool], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    console.cache_clear()
    stop = threading.Event()
    tail: Any = Away(stop)
    run_tail(tail, every_s=0.0, stop=stop, **options)
    printed = capsys.readouterr()
    assert "Trying again" in printed.err
    assert words in printed.out


def test_the_commands_print_tables_and_json(
    run: CommandLine, api: Api, url: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DURIAN_SERVER", url)
    monkeypatch.setenv("DURIAN_TOKEN", api.token("read"))
    client.create_listener(**NEW, id="joe")
    record(api, "msg_1", "msg_2")
    record(api, "msg_3", result="retry", status=500)
    api.backlog.count()
    shown = run("top", "--once")
    assert "joe" in shown
    assert "66.6 %" in shown
    assert json.loads(run("top", "--once", "--json"))["rows"][0]["id"] == "joe"
    assert "66.6 % of 3 attempts" in run("stats", "--window", "10m")
    assert run.json("stats")[0]["results"]["delivered"] == 2
    assert "--window: must be from 1m to 1h" in run("top", "--window", "2h", code=exits.USAGE)
