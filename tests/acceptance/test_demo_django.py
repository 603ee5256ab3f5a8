from __future__ import annotations

import os
import socket
import subprocess
import sys

from tests.support.house import ROOT
from tests.support.rabbitmq import free_ports


def shop(port: int, api_port: int) -> subprocess.CompletedProcess[str]:
    """Run what `make demo-django` runs."""
    return subprocess.run(
        [
            *(sys.executable, ROOT / "examples/django_shop/demo.py", "--once"),
            *("--port", str(port), "--api-port", str(api_port)),
        ],
        env={name: value for name, value in os.environ.items() if "DJANGO" not in name},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def test_the_shop_delivers_what_is_saved() -> None:
    run = shop(*free_ports(2))

    assert run.returncode == 0, run.stdout + run.stderr
    assert 'person { "name": "Joe", "address": "1 Elm Street", "created": true }' in run.stdout
    assert "of no concern" not in run.stdout


def test_the_shop_ends_at_once_when_a_port_is_taken() -> None:
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        run = shop(port, taken.getsockname()[1])

    assert run.returncode == 1
    assert "cannot listen there: address already in use" in run.stdout
    assert "One of the processes has ended" in run.stderr
    assert ">>> Person" not in run.stdout
