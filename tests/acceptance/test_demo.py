"""`durian demo` shows the main job, and its last line is what really happened."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from durian.console import entry, exits
from tests.support.cli import Running, durian, environment
from tests.support.rabbitmq import free_ports

TOTAL = re.compile(r"(\d+) events emitted, (\d+) deliveries, (\d+) received")


def test_the_demonstration_ends_with_everything_received(tmp_path: Path) -> None:
    finished = durian("demo", "--once", home=tmp_path)
    assert finished.returncode == 0, finished
    assert finished.stderr == ""
    lines = finished.stdout.splitlines()
    total = TOTAL.fullmatch(lines[-1])
    assert total is not None, lines[-1]
    emitted, deliveries, received = map(int, total.groups())
    assert (emitted, deliveries, received) == (5, 7, 7)
    assert sum(line.startswith("Event ") for line in lines) == emitted
    assert sum("  matched " in line for line in lines) == deliveries
    assert sum("POST /" in line and "answered 200" in line for line in lines) == received


def test_it_shows_why_a_listener_did_not_match(tmp_path: Path) -> None:
    printed = durian("demo", "--once", home=tmp_path).stdout
    assert 'name startswith "J", found "Bo"' in printed
    assert "total gte 100, found 20" in printed
    assert "wants events of type order.*" in printed


def test_it_shows_each_post_as_received_and_a_retry(tmp_path: Path) -> None:
    printed = durian("demo", "--once", home=tmp_path).stdout
    posts = printed.count("POST /")
    for header in ("webhook-id: ", "webhook-timestamp: ", "webhook-signature: v1,"):
        assert printed.count(header) == posts
    assert printed.count("signature verified") == posts
    assert "POST /everyone" in printed
    assert printed.count("answered 503") == 1


def test_it_runs_in_this_process_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.run(["demo", "--once"]) == exits.OK
    assert TOTAL.fullmatch(capsys.readouterr().out.splitlines()[-1])


def test_it_leaves_nothing_behind(tmp_path: Path) -> None:
    durian("demo", "--once", home=tmp_path, settings={"TMPDIR": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


def test_without_once_it_goes_on_serving(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with Running("demo", "--port", str(port), home=tmp_path) as demo:
        demo.wait_line("durian emit")
        command = demo.lines[-1].strip()
        assert str(port) in command
        pages = f"Web pages at http://127.0.0.1:{port}/console; log in with what `cat {tmp_path}"
        assert any(line.startswith(pages) for line in demo.lines)
        # It tells of the demonstration, not of this directory.
        listed = durian("listeners", "list", "--server", f"http://127.0.0.1:{port}", home=tmp_path)
        assert "where-joe" in listed.stdout
        found = durian("doctor", home=tmp_path, settings={"DURIAN_API_PORT": str(port)}).stdout
        assert "durian-demo-" in found
        emitted = durian(
            "emit",
            "--server",
            f"http://127.0.0.1:{port}",
            "person",
            '{"name": "Jill"}',
            home=tmp_path,
        )
        assert emitted.returncode == 0, emitted
        demo.wait_line('"name": "Jill"')
        assert demo.stop() == 0


def test_nothing_is_played_when_the_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = durian("demo", "--port", str(taken.getsockname()[1]), home=tmp_path)
    assert ended.returncode == exits.USAGE
    assert "cannot listen there: address already in use" in ended.stderr
    assert ended.stdout == ""


def test_the_environment_of_a_test_holds_no_settings(tmp_path: Path) -> None:
    """Or the tests above would show the machine's settings, not the demonstration's."""
    assert not [name for name in environment(tmp_path) if name.startswith("DURIAN_")]
