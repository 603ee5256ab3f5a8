"""Orphans and messages that are no events, in a running `durian up` and on RabbitMQ."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from durian.broker.blocking import declare_all, publish_all
from durian.broker.port import Address
from durian.broker.rabbit import RabbitBroker
from durian.consumers.delivery import Delivery
from durian.consumers.side_queue import WINDOW
from durian.events import Event, amqp
from durian.events.message import Message
from tests.support.archive import NAMES, sent_to
from tests.support.broker import eventually
from tests.support.cli import Running, Shell
from tests.support.rabbitmq import free_ports

#: A listener that fails comes back from the delay wheel to whatever is there then.
SLOW = ("--event", "person", "--policy", "schedule_s=[0,12]", "--policy", "jitter=0")


def orphaned(run: Shell, bad: Running) -> str:
    """A delivery fails, and its listener is removed while it waits for the next attempt."""
    event_id = run("emit", "person", '{"name":"Joe"}').strip()
    bad.wait_json("number")
    run("listeners", "remove", "joe")
    eventually(lambda: bool(run.json("orphans", "list")["total"]), 60)
    return event_id


def walk(run: Shell, *roles: str) -> None:
    """An orphan is seen, explained and kept until its listener is back; then it is sent again."""
    bad = run.start("listen", "--port", "0", "--json", "--status", "500")
    good = run.start("listen", "--port", "0", "--json")
    broken = bad.wait_json("listening")["listening"]
    run("listeners", "add", f"{broken}/hook", "--id", "joe", *SLOW)
    for role in roles:
        run.start(role).wait_line("started")
    event_id = orphaned(run, bad)

    listed = run.json("orphans", "list")
    assert listed["listeners"] == [{"listener": "joe", "orphans": 1, "state": "gone"}]
    assert "1 orphan as well: `durian orphans list`" in run("dead", "list")
    orphan = run.json("orphans", "show", "joe")
    assert (orphan["event_id"], orphan["attempts"]) == (event_id, 1)
    assert orphan["error"] == "status 500"
    assert "1 kept: no listener joe exists" in run("orphans", "replay")

    [found] = run.json("explain", event_id, "joe")["listeners"]
    assert found["place"] == "orphaned"
    assert "durian orphans purge joe" in found["next"]

    url = good.wait_json("listening")["listening"]
    run("listeners", "add", f"{url}/hook", "--event", "person", "--id", "joe")
    [found] = run.json("explain", event_id, "joe")["listeners"]
    assert f"durian orphans replay joe {orphan['webhook_id']}" in found["next"]
    assert run.json("orphans", "list")["listeners"][0]["state"] == "there"
    assert run.json("orphans", "replay", "joe") == {"replayed": 1, "kept": {}, "missing": []}
    arrived = good.wait_json("number")["headers"]
    assert (arrived["webhook-id"], arrived["ce-id"]) == (orphan["webhook_id"], event_id)
    assert run.json("orphans", "purge", "joe", "--yes")["purged"] == 0
    assert "No listener jo exists" in run("orphans", "show", "jo", code=1)


def test_orphans_of_a_running_up(tmp_path: Path) -> None:
    [port] = free_ports(1)
    with ExitStack() as stack:
        walk(Shell(tmp_path, {"DURIAN_API_PORT": str(port)}, stack), "up")


@pytest.mark.rabbitmq
def test_orphans_on_rabbitmq(amqp_url: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        run = Shell(tmp_path, {"DURIAN_BROKER_URL": amqp_url}, stack)
        walk(run, "router", "deliver", "record")


@pytest.mark.rabbitmq
def test_what_is_no_event_is_seen_and_published_once_it_can_be_read(
    amqp_url: str, tmp_path: Path
) -> None:
    broker = RabbitBroker(amqp_url)
    broker.start()
    with ExitStack() as stack:
        stack.callback(broker.stop)
        run = Shell(tmp_path, {"DURIAN_BROKER_URL": amqp_url}, stack)
        run.start("router").wait_line("started")
        bad = Message(body=b'{"a": NaN}', content_type="application/json", message_id="order 17")
        publish_all(broker, [(bad, Address(NAMES.events, "person"))])
        eventually(lambda: bool(run("invalid", "list", "--json")), 60)

        listed = run.json("invalid", "list")
        assert (listed["routing_key"], listed["message_id"]) == ("person", "order 17")
        shown = run("invalid", "show", listed["id"])
        assert '{"a": NaN}' in shown
        assert listed["reason"] in shown
        told = run("invalid", "replay")
        assert told.startswith("0 replayed\n1 kept: data")
        explained = run("explain", "order 17")
        assert listed["reason"] in explained
        assert f"durian invalid show {listed['id']}" in explained
        assert "nothing was done" in run("invalid", "purge", code=2)
        purge = ("invalid", "purge", "--yes", listed["id"], "other")
        assert run(*purge, code=1) == "error: not there: other\n"
        assert run("invalid", "list", "--json") == run("unrouted", "list", "--json") == ""
        assert "No message other" in run("unrouted", "show", "other", code=1)


@pytest.mark.rabbitmq
@pytest.mark.parametrize("point", ["replay.published:kill@30", "replay.confirmed:kill@30"])
def test_a_replay_of_orphans_that_is_killed_loses_none(
    point: str, amqp_url: str, tmp_path: Path
) -> None:
    count = 100
    broker = RabbitBroker(amqp_url)
    broker.start()
    with ExitStack() as stack:
        stack.callback(broker.stop)
        run = Shell(tmp_path, {"DURIAN_BROKER_URL": amqp_url}, stack)
        run("listeners", "add", "https://joe.example/", "--event", "person", "--id", "joe")
        orphans = [Event(id=f"e{n}", source="/s", type="person", data=n) for n in range(count)]
        messages = [Delivery.of("joe", amqp.encode(one)).tried("", 1.0) for one in orphans]
        declare_all(broker, NAMES.house())
        publish_all(broker, [(one, Address(NAMES.orphans, "joe")) for one in messages])

        killed = run.start("orphans", "replay", "--json", DURIAN_FAILPOINT=point)
        assert killed.process.wait(60) == -signal.SIGKILL
        run("orphans", "replay")
        ids = [delivery.event_id for delivery in sent_to(broker, "joe")]
    assert sorted(set(ids)) == sorted(one.id for one in orphans)
    assert len(ids) <= count + WINDOW
