"""Shells complete commands and options, without loading what a command needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DURIAN = str(Path(sys.executable).with_name("durian"))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (("li",), {"listen", "listeners"}),
        (("listeners", "ro"), {"rotate"}),
        (("dead", "list", "--ser"), {"--server"}),
    ],
)
def test_bash_completes_what_is_typed(typed: tuple[str, ...], found: set[str]) -> None:
    environment = {
        "_DURIAN_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(("durian", *typed)),
        "COMP_CWORD": str(len(typed)),
    }
    completed = subprocess.run(
        [DURIAN], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert set(completed.stdout.split()) == found, completed


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_it_prints_what_a_shell_has_to_read(shell: str) -> None:
    # Otherwise it is the shell that runs the tests.
    environment = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    shown = subprocess.run(
        [DURIAN, "--show-completion", shell],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert shown.returncode == 0, shown
    assert f"_DURIAN_COMPLETE=complete_{shell}" in shown.stdout
