"""`--processes`: several routers and delivery processes, each role started by one command."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

import pytest

from durian.console import exits
from durian.consumers.lane import READY_AHEAD
from durian.events import Event
from durian.producers import Producer
from tests.support.cli import PATIENCE_S, Running, durian, look_until
from tests.support.history import History
from tests.support.rabbitmq import free_ports
from tests.support.recording import RecordingReceiver

pytestmark = [pytest.mark.rabbitmq, pytest.mark.postgres]

EVENTS = 600

#: Duplicates that the kills may cause: what a router and a delivery process can hold unsettled.
IN_FLIGHT = 500 + 8 + READY_AHEAD


@pytest.fixture
def settings(amqp_url: str, postgres_url: str, tmp_path: Path) -> dict[str, str]:
    given = {
        "DURIAN_BROKER_URL": amqp_url,
        "DURIAN_REGISTRY_URL": postgres_url,
        "DURIAN_ALLOWED_NETWORKS": "127.0.0.0/8",
        "DURIAN_LOG_FORMAT": "json",
    }
    for command in (("registry", "upgrade"), ("topology", "--declare")):
        done = durian(*command, home=tmp_path, settings=given)
        assert done.returncode == 0, done
    return given


class Fleet:
    """A command with several processes."""

    def __init__(
        self, stack: ExitStack, home: Path, settings: dict[str, str], role: str, *options: str
    ) -> None:
        self.running = stack.enter_context(
            Running(role, "--processes", "2", *options, home=home, settings=settings)
        )

    def wait_ready(self) -> None:
        self.running.wait_line("processes.ready")

    def facts(self, event: str) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.running.lines if f'"{event}"' in line]

    def pid_of(self, process: int) -> int:
        """The process that has a place now."""
        pids = [fact["pid"] for fact in self.facts("process.ready") if fact["process"] == process]
        assert isinstance(pids[-1], int)
        return pids[-1]

    def kill_and_wait(self, process: int) -> None:
        """Kill -9 one of them, and wait until another one has its place."""
        before = self.pid_of(process)
        os.kill(before, signal.SIGKILL)
        look_until(lambda: self.pid_of(process) != before or None)


def events(history: History) -> Iterator[Event]:
    for number in range(EVENTS):
        event = Event(id=f"e{number}", type="person", data={"number": number})
        history.expect(["/all"], event.id, event.body)
        yield event


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_two_routers_and_two_delivery_processes_lose_nothing_while_some_are_killed(
    tmp_path: Path, settings: dict[str, str], amqp_url: str
) -> None:
    history = History()
    with ExitStack() as stack:
        receiver = stack.enter_context(RecordingReceiver(history))
        add = ("listeners", "add", "--event", "person", f"{receiver.url}/all")
        assert durian(*add, home=tmp_path, settings=settings).returncode == 0
        router = Fleet(stack, tmp_path, settings, "router")
        deliver = Fleet(stack, tmp_path, settings, "deliver")
        for fleet in (router, deliver):
            fleet.wait_ready()
        with Producer(amqp_url) as producer:
            emitting = threading.Thread(target=producer.emit_many, args=[events(history)])
            emitting.start()
            assert history.wait_count(100, timeout_s=60), history.verdict()
            router.kill_and_wait(0)
            deliver.kill_and_wait(1)
            emitting.join()
        assert history.wait_complete(timeout_s=120), history.verdict()
        pids = [fleet.pid_of(process) for fleet in (router, deliver) for process in (0, 1)]
        assert router.running.stop() == 0
        assert deliver.running.stop() == 0
        assert not any(map(is_running, pids))
        # Each line of a child says whose it is.
        assert {fact.get("process") for fact in deliver.facts("process.stopped")} == {0, 1}

    verdict = history.verdict()
    assert not verdict.lost
    assert not verdict.unexpected
    assert not verdict.corrupted
    assert verdict.duplicates <= IN_FLIGHT, verdict


def test_one_port_tells_the_metrics_of_all_and_one_file_that_all_are_well(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    health = tmp_path / "health"
    options = ("--metrics-port", "0", "--health-file", str(health))
    with ExitStack() as stack:
        router = Fleet(stack, tmp_path, settings, "router", *options)
        url = router.running.wait_json("url")["url"]
        router.wait_ready()
        look_until(lambda: health.exists() or None)

        def scrape() -> str:
            with urlopen(url) as response:  # noqa: S310  # it is our own
                text: str = response.read().decode()
            return text

        def processes() -> set[str]:
            return set(re.findall(r'^durian_process_info\{process="(\d)"', scrape(), re.MULTILINE))

        look_until(lambda: processes() == {"0", "1"} or None)
        router.kill_and_wait(0)
        look_until(lambda: processes() == {"0", "1"} or None)
        assert "durian_process_restarts_total 1.0" in scrape()
        assert router.running.stop() == 0
        assert not health.exists()


def test_ctrl_c_is_one_stop_and_the_end_of_the_parent_is_one_too(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    with ExitStack() as stack:
        deliver = Fleet(stack, tmp_path, settings, "deliver")
        router = Fleet(stack, tmp_path, settings, "router")
        for fleet in (deliver, router):
            fleet.wait_ready()
        pids = [router.pid_of(process) for process in (0, 1)]
        assert deliver.running.stop(signal.SIGINT) == 0
        assert len(deliver.facts("process.stopped")) == 2
        router.running.process.kill()
        look_until(lambda: not any(map(is_running, pids)) or None)


def test_what_keeps_all_from_starting_is_told_once(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    nowhere = f"amqp://127.0.0.1:{free_ports(1)[0]}/"
    with ExitStack() as stack:
        deliver = Fleet(stack, tmp_path, settings, "deliver", "--broker", nowhere)
        assert deliver.running.process.wait(60) == 3
    # All that it printed has been read now.
    told = [line for line in deliver.running.lines if line.startswith("error: ")]
    assert len(told) == 1
    assert "Traceback" not in "\n".join(deliver.running.lines)


def test_a_second_ctrl_c_ends_all_at_once(
    tmp_path: Path, settings: dict[str, str], amqp_url: str
) -> None:
    with ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        added = durian("listeners", "add", "--event", "e", url, home=tmp_path, settings=settings)
        assert added.returncode == 0, added
        router = Fleet(stack, tmp_path, settings, "router")
        deliver = Fleet(stack, tmp_path, settings, "deliver", "--grace", "600")
        for fleet in (deliver, router):
            fleet.wait_ready()
        pids = [deliver.pid_of(process) for process in (0, 1)]
        with Producer(amqp_url) as producer:
            producer.emit(Event(type="e", data={}))
        silent.settimeout(PATIENCE_S)
        # From now on an attempt is under way, which a graceful stop waits for.
        stack.enter_context(silent.accept()[0])
        deliver.running.process.send_signal(signal.SIGINT)
        deliver.running.wait_line("processes.stopping")
        assert deliver.running.stop(signal.SIGINT) == exits.INTERRUPTED
        assert not any(map(is_running, pids))
        assert not any("Traceback" in line for line in deliver.running.lines)
