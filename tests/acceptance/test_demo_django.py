from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import Running
from tests.support.house import ROOT
from tests.support.rabbitmq import free_ports

DEMO = (sys.executable, str(ROOT / "examples/django_shop/demo.py"))


def at(port: int, api_port: int) -> tuple[str, ...]:
    return ("--port", str(port), "--api-port", str(api_port))


def shop(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run what `make demo-django` runs."""
    return subprocess.run(
        [*DEMO, *arguments],
        env={name: value for name, value in os.environ.items() if "DJANGO" not in name},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def children_of(pid: int) -> list[int]:
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def test_the_shop_delivers_what_is_saved() -> None:
    run = shop("--once", *at(*free_ports(2)))

    assert run.returncode == 0, run.stdout + run.stderr
    assert 'person { "name": "Joe", "address": "1 Elm Street", "created": true }' in run.stdout
    assert "of no concern" not in run.stdout


@pytest.mark.parametrize("option", ["--port", "--api-port"])
def test_the_shop_begins_nothing_when_a_port_is_taken(option: str) -> None:
    ports = free_ports(2)
    with socket.create_server(("127.0.0.1", ports[option == "--api-port"])) as taken:
        port = taken.getsockname()[1]
        run = shop("--once", *at(*ports))

    assert run.returncode == 1
    assert run.stdout == ""
    assert f"127.0.0.1:{port}: cannot listen there" in run.stderr
    assert f'make demo-django ARGS="{option} {port + 1}"' in run.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the children of a process")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_shop_that_is_ended_leaves_no_process_behind(how: signal.Signals, tmp_path: Path) -> None:
    own = {"TMPDIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "shop.settings"}
    with Running(*at(*free_ports(2)), home=tmp_path, settings=own, program=DEMO) as demo:
        demo.wait_line("up.broker_embedded")
        children = children_of(demo.process.pid)
        code = demo.stop(how)  # before anything is asserted: what is killed leaves its children
        assert code == 128 + how
        assert len(children) >= 2
        assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    assert list(tmp_path.glob("durian-shop-*")) == []
