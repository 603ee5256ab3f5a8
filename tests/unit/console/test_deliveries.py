"""`durian deliveries` on a registry that holds a few attempts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from durian.console import exits
from durian.registry.store import Store
from tests.support.commands import CommandLine
from tests.support.registry import attempt, now_ms

#: What a receiver would like a terminal to do: clear it, change its title, turn text around.
EVIL = "\x1b[2J\x1b]0;owned\x07\u202e\r\x9b31m"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The registry that commands find where they run."""
    with Store.open(f"sqlite:///{tmp_path}/durian.db") as opened:
        yield opened


@pytest.fixture
def tried(store: Store) -> None:
    """Two deliveries: one to ann is retried, one to joe was blocked an hour ago."""
    now = now_ms()
    at_ann = {"listener_id": "ann", "event_id": "e1", "event_type": "order.paid"}
    failed = {"result": "retry", "status": 503, "response_body": "busy"}
    store.add_attempts(
        [
            attempt("msg_a", **at_ann, **failed, number=1, at_ms=now - 900_000),
            attempt(
                "msg_a",
                **at_ann,
                **failed,
                number=2,
                at_ms=now - 2000,
                next_at_ms=now + 300_000,
            ),
            attempt(
                "msg_j",
                event_id="e2",
                at_ms=now - 3_600_000,
                result="dead",
                kind="blocked",
                status=None,
                error="10.0.0.7 is not public",
                public_error="could not connect",
                reason="blocked address",
            ),
        ]
    )


@pytest.mark.usefixtures("tried")
@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([], ["msg_a 2", "msg_j 1"]),
        (["--attempts"], ["msg_a 2", "msg_a 1", "msg_j 1"]),
        (["--limit", "1"], ["msg_a 2"]),
        (["--attempts", "--limit", "2"], ["msg_a 2", "msg_a 1"]),
        (["--listener", "joe"], ["msg_j 1"]),
        (["--event", "e1"], ["msg_a 2"]),
        (["--type", "order.paid"], ["msg_a 2"]),
        (["--result", "dead"], ["msg_j 1"]),
        (["--status", "503"], ["msg_a 2"]),
        (["--since", "30m"], ["msg_a 2"]),
        (["--until", "30m"], ["msg_j 1"]),
        (["--since", "2h", "--until", "5m", "--attempts"], ["msg_a 1", "msg_j 1"]),
        (["--listener", "joe", "--result", "retry"], []),
    ],
)
def test_deliveries_are_listed_by_what_is_asked(
    run: CommandLine, options: list[str], found: list[str]
) -> None:
    listed = run.json("deliveries", "list", *options)

    assert [f"{one['webhook_id']} {one['number']}" for one in listed] == found


@pytest.mark.usefixtures("tried")
def test_a_list_for_people_has_what_came_back(run: CommandLine) -> None:
    printed = run("deliveries", "list")

    assert printed.split()[:4] == ["ended", "attempt", "result", "answer"]
    [ann] = [line for line in printed.splitlines() if "msg_a" in line]
    assert "503" in ann
    assert "order.paid" in ann
    [joe] = [line for line in printed.splitlines() if "msg_j" in line]
    assert "blocked: 10.0.0.7 is not public" in joe


def test_a_list_goes_over_many_pages(
    run: CommandLine, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("durian.console.deliveries._PAGE", 3)
    store.add_attempts([attempt(f"msg_{n}", at_ms=n + 1) for n in range(10)])

    for limit in (1, 3, 4, 9, 10, 99):
        listed = run.json("deliveries", "list", "--limit", str(limit))
        assert [one["at_ms"] for one in listed] == list(range(10, 0, -1))[:limit]


@pytest.mark.usefixtures("tried")
@pytest.mark.parametrize("name", ["msg_a", "e1"])
def test_a_delivery_is_shown_by_its_own_or_its_events_id(run: CommandLine, name: str) -> None:
    shown = run.json("deliveries", "show", name)
    assert [one["number"] for one in shown] == [1, 2]

    printed = run("deliveries", "show", name)
    for words in ("webhook-id    msg_a", "result        retry", "next attempt", "busy", "503"):
        assert words in printed


def test_an_event_has_a_delivery_at_each_listener(run: CommandLine, store: Store) -> None:
    for name in ("ann", "joe"):
        store.add_attempts([attempt(f"msg_{name}", listener_id=name, event_id="e")])

    assert "msg_ann" in run("deliveries", "show", "e")
    assert "msg_joe" in run("deliveries", "show", "e")
    only = run("deliveries", "show", "e", "--listener", "joe")
    assert "msg_joe" in only
    assert "msg_ann" not in only


@pytest.mark.usefixtures("tried")
@pytest.mark.parametrize("command", [("list",), ("list", "--attempts"), ("show", "msg_j")])
def test_an_owner_sees_nothing_of_the_operators_network(
    run: CommandLine, command: tuple[str, ...]
) -> None:
    """Neither the address nor that it was blocked."""
    operator = run("deliveries", *command) + run("deliveries", *command, "--json")
    assert "10.0.0.7" in operator
    assert "blocked" in operator

    owner = run("deliveries", *command, "--public") + run(
        "deliveries", *command, "--public", "--json"
    )
    assert "could not connect" in owner
    assert "10.0.0.7" not in owner
    assert "blocked" not in owner


@pytest.mark.parametrize("options", [[], ["--json"], ["--public"]])
def test_no_receiver_gives_orders_to_a_terminal(
    run: CommandLine, store: Store, options: list[str]
) -> None:
    store.add_attempts(
        [
            attempt(
                "msg_e",
                event_id=f"e{EVIL}",
                event_type=f"t{EVIL}",
                event_source=f"s{EVIL}",
                status=None,
                kind=f"k{EVIL}",
                error=f"x{EVIL}",
                public_error=f"x{EVIL}",
                reason=f"r{EVIL}",
                response_head=f"x-evil: {EVIL}",
                response_body=f"<b>[bold]{EVIL}",
            )
        ]
    )
    printed = run("deliveries", "list", *options) + run("deliveries", "show", "msg_e", *options)

    assert "msg_e" in printed
    assert {char for char in printed if not char.isprintable()} <= {"\n"}
    if "--json" not in options:
        assert "[bold]" in printed, "markup is text"


@pytest.mark.usefixtures("store")
def test_an_unknown_delivery_is_one_sentence(run: CommandLine) -> None:
    told = run("deliveries", "show", f"nix{EVIL}", code=exits.FAILED)

    assert "No attempt of nix" in told
    assert "\x1b" not in told
    assert "at listener joe" in run(
        "deliveries", "show", "nix", "--listener", "joe", code=exits.FAILED
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--result", "lost"], "delivered, retry, dead, disabled"),
        (["--since", "soon"], "--since: 'soon' is no moment"),
        (["--until", "soon"], "--until: 'soon' is no moment"),
        (["--limit", "0"], "limit"),
        (["--status", "ok"], "status"),
    ],
)
def test_what_cannot_be_asked_is_refused(run: CommandLine, options: list[str], words: str) -> None:
    assert words in run("deliveries", "list", *options, code=exits.USAGE)
