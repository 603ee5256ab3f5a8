"""One process: `durian up`, a listening endpoint, a listener, and events."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from durian.signature import new_secret
from tests.support.cli import Running, durian
from tests.support.rabbitmq import free_ports
from tests.support.senders import KINDS

LOOPBACK = "127.0.0.0/8"

#: Events emitted until one arrives: the listener is followed within a second.
TRIES = 30


def emit(home: Path, port: int, data: str) -> str:
    finished = durian("emit", "person", data, "--server", f"http://127.0.0.1:{port}", home=home)
    assert finished.returncode == 0, finished
    return finished.stdout.strip()


def first_arrival(home: Path, port: int, listen: Running) -> dict[str, Any]:
    """Emit until the listener is known and an event arrives there."""
    for _ in range(TRIES):
        emit(home, port, '{"name":"Joe"}')
        arrived = listen.find_json("number", timeout_s=1)
        if arrived is not None:
            return arrived
    pytest.fail(f"nothing arrived: {listen.lines}")


@pytest.mark.parametrize("sender", KINDS)
def test_an_event_arrives_at_who_wants_it_and_only_there(tmp_path: Path, sender: str) -> None:
    (port,) = free_ports(1)
    secret = new_secret()
    with (
        Running("listen", "--port", "0", "--secret", secret, "--json", home=tmp_path) as listen,
        Running(
            *("up", "--port", str(port), "--allow-network", LOOPBACK, "--sender", sender),
            home=tmp_path,
        ) as up,
    ):
        url = listen.wait_json("listening")["listening"]
        up.wait_line("up.broker_embedded")
        # Another process changes the registry, while `up` runs.
        add = ("listeners", "add", f"{url}/hook", "--event", "person", "--secret", secret)
        added = durian(*add, "--match", "name=startswith:J", "--json", home=tmp_path)
        assert json.loads(added.stdout)["secret"] == secret

        arrived = first_arrival(tmp_path, port, listen)
        assert arrived["path"] == "/hook"
        assert json.loads(arrived["body"]) == {"name": "Joe"}
        assert (arrived["verified"], arrived["reason"]) == (True, "")

        emit(tmp_path, port, '{"name":"Bo"}')
        last = emit(tmp_path, port, '{"name":"Jill"}')
        while arrived["headers"]["ce-id"] != last:
            arrived = listen.wait_json("number")
            assert json.loads(arrived["body"])["name"] != "Bo"
        assert up.stop() == 0
        assert listen.stop() == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly(tmp_path: Path, how: signal.Signals) -> None:
    with Running("up", "--port", "0", home=tmp_path) as up:
        up.wait_line("up.started")
        assert up.stop(how) == 0
        up.wait_line("up.stopped")


def test_a_port_that_is_taken_is_one_sentence_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with Running("up", "--port", str(port), home=tmp_path) as up:
        up.wait_line("up.started")
        (other := tmp_path / "other").mkdir()
        second = durian("up", "--port", str(port), home=other)
    assert second.returncode == 2
    assert list(other.iterdir()) == []
    assert f"127.0.0.1:{port}: cannot listen there: address already in use\n" in second.stderr
    assert "Traceback" not in second.stderr
