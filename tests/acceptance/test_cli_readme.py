"""The examples of README.md and docs/getting-started.md do what they say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import durian, environment
from tests.support.house import ROOT

PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
URLS = re.compile(r'"amqp://[^"]*"')


def examples(page: str) -> list[str]:
    return PYTHON.findall((ROOT / page).read_text(encoding="utf-8"))


def run(source: str, home: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", source],
        cwd=home,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr


@pytest.mark.rabbitmq
def test_the_examples_that_emit_publish_an_event(tmp_path: Path, amqp_url: str) -> None:
    settings = {"DURIAN_BROKER_URL": amqp_url}
    assert durian("topology", "--declare", home=tmp_path, settings=settings).returncode == 0
    sources = [
        source
        for page in ("README.md", "docs/getting-started.md")
        for source in examples(page)
        if "Producer" in source
    ]
    for source in sources:
        run(URLS.sub(f'"{amqp_url}"', source), tmp_path)
    report = durian("doctor", home=tmp_path, settings=settings).stdout
    assert f"{len(sources)} events wait in durian.route" in report


def test_the_example_of_listeners_adds_them(tmp_path: Path) -> None:
    (source,) = [source for source in examples("README.md") if "Listener" in source]
    run(source, tmp_path)
    listed = durian("listeners", "list", "--json", home=tmp_path).stdout.splitlines()
    assert [line.split('"')[3] for line in listed] == ["everyone", "joe", "starts-with-j"]
