"""A command whose extra is not installed says which to install."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import environment, one_sentence

#: Runs the command line in an interpreter that has not got a module.
WITHOUT = (
    "import sys; sys.modules[sys.argv.pop(1)] = None\nfrom durian.console.entry import main\nmain()"
)


@pytest.mark.parametrize(
    ("module", "arguments", "extra"),
    [
        ("typer", ["--help"], "console"),
        ("pydantic_settings", ["listeners", "list"], "console"),
        ("starlette", ["up"], "console"),
        ("structlog", ["up"], "console"),
        ("sqlalchemy", ["listeners", "list"], "router"),
        ("re2", ["listeners", "add", "http://h/", "--event", "e", "--match", "a=like:b"], "router"),
        ("pika", ["topology", "--declare", "--broker", "amqp://127.0.0.1:9/"], "router"),
        ("requests", ["up", "--port", "0"], "consumer"),
        ("pycurl", ["up", "--port", "0", "--sender", "curl"], "curl"),
        ("cryptography", ["listeners", "list"], "router"),
    ],
)
def test_the_extra_is_named(tmp_path: Path, module: str, arguments: list[str], extra: str) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", WITHOUT, module, *arguments],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert one_sentence(finished).removeprefix("google-") == f"{module} is not installed."
    assert f'hint: Run: pip install "durian[{extra}]"' in finished.stderr
    assert finished.returncode == 2
