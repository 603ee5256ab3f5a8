"""Watching something long: a progress bar on a terminal, silence in a pipe; moments for people."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

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


def moment(at_ms: int | None) -> str:
    """A moment in milliseconds since the epoch, for people; empty when there is none."""
    if at_ms is None:
        return ""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def confirm(question: str, hint: str) -> None:
    """Ask on the terminal. Raises InvalidInput unless the answer is yes; Ctrl-C interrupts."""
    try:
        answer = Console(stderr=True).input(f"{question} [y/N] ", markup=False)
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise InvalidInput("answer", "was not yes: nothing was done", hint=hint)
