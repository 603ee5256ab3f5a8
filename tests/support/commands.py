"""Commands run in the process of the test."""

from __future__ import annotations

import json
from typing import Any

import pytest

from durian.console import entry, exits


class CommandLine:
    """Runs commands in an empty folder, and takes what they print."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str, code: int = exits.OK) -> str:
        assert entry.run(list(arguments)) == code, self._capsys.readouterr()
        printed = self._capsys.readouterr()
        return printed.err if code else printed.out

    def json(self, *arguments: str) -> list[Any]:
        return [json.loads(line) for line in self(*arguments, "--json").splitlines()]
