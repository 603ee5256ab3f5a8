"""What became of an event, asked of the command line: in one process, and on RabbitMQ."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from durian.events import Event
from durian.producers import Producer
from tests.support.cli import PATIENCE_S, Running, durian

LOOPBACK = {"DURIAN_ALLOWED_NETWORKS": "127.0.0.0/8"}

#: Attempts that a process killed in the middle has to record.
MANY = 60


def lines(*command: str, home: Path, settings: Mapping[str, str]) -> list[dict[str, Any]]:
    """Run a command with --json, and read what it prints."""
    finished = durian(*command, "--json", home=home, settings=settings)
    assert finished.returncode == 0, finished
    return [json.loads(line) for line in finished.stdout.splitlines()]


def await_that(holds: Callable[[], bool], what: str) -> None:
    """Wait until something is so: each look is a command, and takes its time."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, what


def test_one_process_records_what_it_delivers(tmp_path: Path) -> None:
    """Another process asks for it, while `up` runs and after it."""
    settings = LOOPBACK
    with (
        Running("listen", "--port", "0", "--status", "418", "--json", home=tmp_path) as listen,
        Running("up", "--port", "0", home=tmp_path, settings=settings) as up,
    ):
        url = listen.wait_json("listening")["listening"]
        server = up.wait_json("events")["url"]
        lines("listeners", "add", f"{url}/hook", "--event", "#", home=tmp_path, settings=settings)

        def recorded() -> bool:
            durian("emit", "person", "{}", "--server", server, home=tmp_path)
            return bool(lines("deliveries", "list", home=tmp_path, settings=settings))

        await_that(recorded, "a record")
        sent = durian("emit", "last", "{}", "--server", server, home=tmp_path).stdout.strip()
        listen.wait_line(sent)
        assert up.stop() == 0

    [last] = lines("deliveries", "show", sent, home=tmp_path, settings=settings)
    assert (last["event_type"], last["status"], last["result"]) == ("last", 418, "retry")
    [same] = lines(
        *("deliveries", "list", "--type", "last", "--status", "418", "--since", "1h"),
        home=tmp_path,
        settings=settings,
    )
    assert same == last


@pytest.mark.rabbitmq
@pytest.mark.postgres
def test_a_recorder_killed_in_the_middle_loses_no_record(
    tmp_path: Path, amqp_url: str, postgres_url: str
) -> None:
    settings = LOOPBACK | {"DURIAN_BROKER_URL": amqp_url, "DURIAN_REGISTRY_URL": postgres_url}
    assert durian("registry", "upgrade", home=tmp_path, settings=settings).returncode == 0
    with ExitStack() as shells:

        def run(command: str) -> Running:
            one = shells.enter_context(Running(command, home=tmp_path, settings=settings))
            one.wait_line("process.started")
            return one

        listen = shells.enter_context(Running("listen", "--port", "0", "--json", home=tmp_path))
        url = listen.wait_json("listening")["listening"]
        run("router")
        run("deliver")
        lines("listeners", "add", f"{url}/hook", "--event", "#", home=tmp_path, settings=settings)
        events = [Event(id=str(number), type="person", data=number) for number in range(MANY)]
        with Producer(amqp_url) as producer:
            producer.emit_many(events)
        for _ in range(MANY):
            listen.wait_json("number")
        # There is a backlog now: each recorder is killed at some moment of it.
        for _ in range(2):
            run("record").stop(signal.SIGKILL)
        last = run("record")

        def recorded() -> set[str]:
            found = lines(
                *("deliveries", "list", "--attempts", "--limit", "999"),
                home=tmp_path,
                settings=settings,
            )
            ids = [str(one["event_id"]) for one in found]
            assert len(ids) == len(set(ids)), "a record is there twice"
            return set(ids)

        await_that(lambda: recorded() == {event.id for event in events}, "every record")
        assert last.stop() == 0
