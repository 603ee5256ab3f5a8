"""What holds for every command there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from durian.console.app import build


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that can be run, with the words that name it."""
    inner = getattr(command, "commands", None)
    if inner is None or command.invoke_without_command:
        yield path, command
    for name, each in (inner or {}).items():
        yield from commands(each, (*path, name))


ALL = dict(commands(build()))


def test_there_are_many() -> None:
    assert len(ALL) > 50
    assert {("top",), ("tail",), ("listeners", "rotate")} <= ALL.keys()


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_it_prints_json_when_asked_to(path: tuple[str, ...]) -> None:
    options = {option for parameter in ALL[path].params for option in parameter.opts}
    assert "--json" in options


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_it_says_what_it_does_and_what_each_option_is(path: tuple[str, ...]) -> None:
    command = ALL[path]
    assert command.help
    assert [each.name for each in command.params if not getattr(each, "help", None)] == []
