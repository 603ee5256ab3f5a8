"""Dead letters on the command line, in a running `durian up` and on RabbitMQ."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.cli import Running, durian, look_until
from tests.support.rabbitmq import free_ports
from tests.support.registry import put_registry

ONCE = ("--policy", "schedule_s=[0]", "--id", "joe")


def walk(home: Path, settings: dict[str, str], *roles: str) -> None:
    """A delivery is given up, seen, replayed to a mended receiver, and nothing is left."""

    def run(*arguments: str) -> str:
        done = durian(*arguments, home=home, settings=settings)
        assert done.returncode == 0, done
        return done.stdout

    put_registry(home)
    with ExitStack() as shells:

        def start(*arguments: str) -> Running:
            return shells.enter_context(Running(*arguments, home=home, settings=settings))

        broken = start("listen", "--port", "0", "--json", "--status", "500")
        url = broken.wait_json("listening")["listening"]
        run("listeners", "add", f"{url}/hook", "--event", "person", *ONCE)
        for role in roles:
            start(role).wait_line("started")
        event_id = run("emit", "person", '{"name":"Joe"}').strip()
        broken.wait_json("number")
        assert broken.stop() == 0

        letter = wait_for_letter(home, settings)
        assert letter["event_id"] == event_id
        assert letter["error"] == "status 500"
        assert letter["attempts"] == 1
        assert json.loads(run("dead", "list", "--json")) == {"joe": 1}

        mended = start("listen", "--port", str(urlsplit(url).port), "--json")
        mended.wait_json("listening")
        replay = ("dead", "replay", "joe", "msg_unknown", "--json")
        unknown = durian(*replay, home=home, settings=settings)
        assert (unknown.returncode, unknown.stderr) == (1, "error: not there: msg_unknown\n")
        missing = {"replayed": 0, "kept": {}, "missing": ["msg_unknown"]}
        assert json.loads(unknown.stdout) == missing
        replayed = run("dead", "replay", "joe", letter["webhook_id"], "--json")
        assert json.loads(replayed) == {"replayed": 1, "kept": {}, "missing": []}
        again = mended.wait_json("number")
        assert again["headers"]["webhook-id"] == letter["webhook_id"]
        assert again["headers"]["ce-id"] == event_id
        assert json.loads(run("dead", "list", "--json")) == {}
        assert json.loads(run("dead", "purge", "joe", "--yes", "--json"))["purged"] == 0

        mistyped = durian("dead", "show", "jo", home=home, settings=settings)
        assert mistyped.returncode == 1
        assert "No listener jo exists" in mistyped.stderr
        assert "Did you mean joe?" in mistyped.stderr


def wait_for_letter(home: Path, settings: dict[str, str]) -> dict[str, Any]:
    """The answer 500 was sent before the dead letter was safe: look until it is there."""

    def look() -> dict[str, Any] | None:
        shown = durian("dead", "show", "joe", "--json", home=home, settings=settings)
        assert shown.returncode == 0, shown
        return json.loads(shown.stdout) if shown.stdout else None

    return look_until(look)


def test_dead_letters_of_a_running_up(tmp_path: Path) -> None:
    [port] = free_ports(1)
    settings = {"DURIAN_API_PORT": str(port), "DURIAN_ALLOWED_NETWORKS": "127.0.0.0/8"}
    walk(tmp_path, settings, "up")


@pytest.mark.rabbitmq
def test_dead_letters_on_rabbitmq(amqp_url: str, tmp_path: Path) -> None:
    settings = {"DURIAN_BROKER_URL": amqp_url, "DURIAN_ALLOWED_NETWORKS": "127.0.0.0/8"}
    walk(tmp_path, settings, "router", "deliver")


def test_without_broker_and_up_the_error_says_what_to_do(tmp_path: Path) -> None:
    [port] = free_ports(1)
    failed = durian("dead", "list", home=tmp_path, settings={"DURIAN_API_PORT": str(port)})
    assert failed.returncode == 3
    assert "durian up" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_purging_asks_and_takes_silence_for_no(tmp_path: Path) -> None:
    refused = durian("dead", "purge", "joe", home=tmp_path)
    assert refused.returncode == 2
    assert "nothing was done" in refused.stderr
    assert "--yes" in refused.stderr
