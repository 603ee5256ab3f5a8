"""Replays on the command line, in a running `durian up` and on RabbitMQ."""

from __future__ import annotations

import json
import signal
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from durian.broker import blocking
from durian.broker.port import Address
from durian.broker.rabbit import RabbitBroker
from durian.consumers.replay_run import AT_RISK
from durian.events import amqp
from tests.support.archive import NAMES, events, sent_to
from tests.support.cli import Shell, look_until
from tests.support.rabbitmq import free_ports


def walk(run: Shell, *roles: str) -> None:
    """Events of before a listener was there are backfilled, and later sent again."""
    for role in roles:
        run.start(role).wait_line("started")
    endpoint = run.start("listen", "--port", "0", "--json")
    url = endpoint.wait_json("listening")["listening"]
    ids = [run("emit", "person", f'{{"name":"{name}"}}').strip() for name in ("Joe", "Bo", "Jim")]
    run("listeners", "add", f"{url}/hook", "--event", "person", "--match", "name=startswith:J",
        "--id", "j")  # fmt: skip

    backfill = ("listeners", "backfill", "j", "--since", "1h")
    seen = run.json(*backfill, "--dry-run")
    assert (seen["seen"], seen["wanted"]) == (3, 2)
    assert [one["id"] for one in seen["first"]] == [ids[0], ids[2]]
    done = run.json(*backfill)
    assert (done["state"], done["seen"], done["sent"]) == ("done", 3, 2)
    first = [endpoint.wait_json("number")["headers"] for _ in range(2)]
    assert {one["ce-id"] for one in first} == {ids[0], ids[2]}

    again = run.json("replay", "--listener", "j", "--since", "1h", "--rate", "50")
    assert again["sent"] == 2
    second = [endpoint.wait_json("number")["headers"] for _ in range(2)]
    assert {one["webhook-id"] for one in second} == {one["webhook-id"] for one in first}

    alone = run.json("replay", "--listener", "j", "--event", ids[2])
    [once] = [one for one in first if one["ce-id"] == ids[2]]
    third = endpoint.wait_json("number")["headers"]
    assert alone["webhook_id"] == third["webhook-id"] == once["webhook-id"]
    assert f"No event {ids[1]} that j wants" in run(
        "replay", "--listener", "j", "--event", ids[1], code=1
    )
    assert "--rate: cannot be combined with --event" in run(
        "replay", "--listener", "j", "--event", ids[2], "--rate", "5", code=2
    )

    listed = [json.loads(line) for line in run("replay", "list", "--json").splitlines()]
    assert [one["id"] for one in listed] == [again["id"], done["id"]]
    assert "is done" in run("replay", "--resume", done["id"], code=1)
    assert "No listener zoe exists" in run("replay", "--listener", "zoe", code=1)
    assert "since: is not in the past" in run(
        "replay", "--listener", "j", "--since", "2100-01-01", code=2
    )


def interrupt(run: Shell) -> None:
    """A replay that is stopped by Ctrl-C says how to go on, and another is refused meanwhile."""
    slow = run.start("replay", "--listener", "j", "--rate", "0.001", "--json")
    running = wait_for(run, "running")
    assert f"Replay {running} of j is running" in run("replay", "--listener", "j", code=1)

    assert slow.stop(signal.SIGINT) == 130
    assert slow.find_line(f"durian replay --resume {running}", 5) is not None
    assert wait_for(run, "stopped") == running
    assert run.json("replay", "--resume", running)["state"] == "done"


def wait_for(run: Shell, state: str) -> str:
    """Look until the newest replay has a state; tell its id."""

    def look() -> str | None:
        newest = json.loads(run("replay", "list", "--json").splitlines()[0])
        return str(newest["id"]) if newest["state"] == state else None

    return look_until(look)


def time_passes(home: Path) -> None:
    """Nobody has heard of the process for long."""
    with closing(sqlite3.connect(home / "durian.db")) as database, database:
        database.execute("UPDATE durian_replays SET leased_until = 0")


def test_replays_of_a_running_up(tmp_path: Path) -> None:
    [port] = free_ports(1)
    with ExitStack() as stack:
        run = Shell(tmp_path, {"DURIAN_API_PORT": str(port)}, stack)
        walk(run, "up")
        interrupt(run)


@pytest.mark.rabbitmq
def test_replays_on_rabbitmq(amqp_url: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        run = Shell(tmp_path, {"DURIAN_BROKER_URL": amqp_url}, stack)
        walk(run, "router", "deliver")
        interrupt(run)


@pytest.mark.rabbitmq
@pytest.mark.parametrize(
    "point", ["archive.published:kill@400", "archive.confirmed:kill@400", "archive.saved:kill@3"]
)
def test_a_replay_that_is_killed_loses_nothing(point: str, amqp_url: str, tmp_path: Path) -> None:
    count = 1500
    broker = RabbitBroker(amqp_url)
    broker.start()
    with ExitStack() as stack:
        stack.callback(broker.stop)
        run = Shell(tmp_path, {"DURIAN_BROKER_URL": amqp_url}, stack)
        run("listeners", "add", "https://joe.example/", "--event", "person", "--id", "joe")
        messages = [(amqp.encode(one), Address(NAMES.events, "person")) for one in events(count)]
        blocking.publish_all(broker, messages)

        killed = run.start("replay", "--listener", "joe", DURIAN_FAILPOINT=point)
        assert killed.process.wait(60) == -signal.SIGKILL
        lost = json.loads(run("replay", "list", "--json"))
        waiting = blocking.count(broker, NAMES.listener_queue("joe"))
        assert lost["state"] == "running"
        assert 0 < lost["sent"] <= waiting <= lost["sent"] + AT_RISK
        assert "is running" in run("replay", "--resume", lost["id"], code=1)

        time_passes(tmp_path)
        done = run.json("replay", "--resume", lost["id"])
        assert (done["state"], done["sent"]) == ("done", count)
        sent = sent_to(broker, "joe")
    ids = [delivery.event_id for delivery in sent]
    assert sorted(set(ids)) == sorted(f"e{number}" for number in range(count))
    assert len(ids) - count == waiting - lost["sent"]
