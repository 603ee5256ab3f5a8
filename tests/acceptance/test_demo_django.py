from __future__ import annotations

import os
import subprocess
import sys

from tests.support.house import ROOT
from tests.support.rabbitmq import free_ports


def test_the_shop_delivers_what_is_saved() -> None:
    """What `make demo-django` runs."""
    port, api_port = free_ports(2)
    run = subprocess.run(
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

    assert run.returncode == 0, run.stdout + run.stderr
    assert 'person { "name": "Joe", "address": "1 Elm Street", "created": true }' in run.stdout
    assert "of no concern" not in run.stdout
