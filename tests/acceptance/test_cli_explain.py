"""`durian explain` on the command line, in a running `durian up` and on RabbitMQ."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Shell, look_until
from tests.support.rabbitmq import free_ports


def place(run: Shell, event_id: str, listener: str, wanted: str) -> Any:
    """Ask until a delivery is where it has to come: attempts are recorded a moment later."""

    def look() -> Any:
        [one] = run.json("explain", event_id, listener)["listeners"]
        return one if one["place"] == wanted else None

    return look_until(look)


def walk(run: Shell, *roles: str) -> None:
    """Why each of five listeners got an event, or did not."""
    good = run.start("listen", "--port", "0", "--json").wait_json("listening")["listening"]
    bad = run.start("listen", "--port", "0", "--json", "--status", "500")
    broken = bad.wait_json("listening")["listening"]
    add = ("listeners", "add", "--event")
    run(*add, "person", good, "--id", "happy")
    run(*add, "person", good, "--id", "picky", "--match", "name=startswith:J")
    run(*add, "order.*", good, "--id", "orders")
    run(*add, "person", broken, "--id", "dead", "--policy", "schedule_s=[0]")
    run(*add, "person", broken, "--id", "failing", "--policy", "schedule_s=[0,600]")
    for role in roles:
        run.start(role).wait_line("started")
    event_id = run("emit", "person", '{"name":"Bo"}').strip()

    assert place(run, event_id, "happy", "delivered")["attempts"][0]["status"] == 200
    assert place(run, event_id, "picky", "unwanted")["failed"] == [
        'name startswith "J", found "Bo"'
    ]
    assert "order.*" in place(run, event_id, "orders", "unwanted")["because"][0]
    letter = place(run, event_id, "dead", "dead")
    assert f"durian dead replay dead {letter['webhook_id']}" in letter["next"]
    assert "Attempt 2 at about" in place(run, event_id, "failing", "delayed")["next"]

    shown = run("explain", event_id, "picky")
    assert 'no  name startswith "J", found "Bo"' in shown
    assert "Next: Nothing" in shown
    shown = run("explain", event_id)
    assert "Left out: 1 by their filter, 1 by the event's type." in shown
    assert "delayed" in shown
    assert "picky" not in shown
    assert "picky" in run("explain", event_id, "--all")
    assert "No listener zoe exists" in run("explain", event_id, "zoe", code=1)
    assert "No event e1 is in the archive" in run("explain", "e1", "--since", "1h", code=1)
    swapped = run("explain", "picky", event_id, "--since", "1h", code=1)
    assert f"picky is a listener: durian explain {event_id} picky" in swapped


def test_explaining_in_a_running_up(tmp_path: Path) -> None:
    [port] = free_ports(1)
    with ExitStack() as stack:
        walk(Shell(tmp_path, {"DURIAN_API_PORT": str(port)}, stack), "up")


@pytest.mark.rabbitmq
def test_explaining_on_rabbitmq(amqp_url: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        run = Shell(tmp_path, {"DURIAN_BROKER_URL": amqp_url}, stack)
        walk(run, "router", "deliver", "record")
