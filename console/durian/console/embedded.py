"""The console inside another program, such as a Django project: what it offers by entry point."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import SecretStr

from durian.console.operations.runner import open_runner, unseen
from durian.console.settings import load, variable


def run_operation(name: str, given: Mapping[str, object], /, **options: Any) -> Any:
    """Run an operation of `durian.console.operations` by the program's own settings.

    Raises DurianError.
    """
    with open_runner(load(**options)) as run:
        return run(name, given, unseen)


def run_command(arguments: Sequence[str], /, **options: Any) -> int:
    """Run a command line, such as `listeners list`; returns its exit code.

    The program's settings are handed on by the environment, so that options of the command line
    beat them as they do in a shell.
    """
    from durian.console.entry import run  # noqa: PLC0415  # loads every command

    with _environment({variable(name): _text(value) for name, value in options.items()}):
        return run(list(arguments))


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment for the length of the block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
