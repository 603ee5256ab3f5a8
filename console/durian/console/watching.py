"""Watching something long, and being asked: a progress bar on a terminal, silence in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from durian.errors import InvalidInput


@contextmanager
def watched(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show progress on stderr while the block runs; yields what is to be told of it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(
        *columns,
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    with bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def confirm(question: str, hint: str) -> None:
    """Ask on the terminal. Raises InvalidInput unless the answer is yes; Ctrl-C interrupts."""
    try:
        answer = Console(stderr=True).input(f"{question} [y/N] ", markup=False)
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise InvalidInput("answer", "was not yes: nothing was done", hint=hint)
