"""Everything the command line prints on stdout: text, tables and JSON, safe for a terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from functools import cache

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

#: Columns when stdout is a file or a pipe: wide enough that no id or URL is broken.
PIPE_WIDTH = 200


@cache
def console() -> Console:
    """The console of stdout; a pipe gets neither colours nor line breaks."""
    fixed = "COLUMNS" in os.environ or sys.stdout.isatty()
    return Console(width=None if fixed else PIPE_WIDTH, highlight=False, emoji=False)


def safe(text: str) -> str:
    r"""Show what a terminal would obey (escape sequences, bidi marks) as `\x1b` and the like.

    Line breaks and tabs stay: they do no harm.
    """
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)


def one_line(text: str) -> str:
    """The same for text that must stay on its line."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def say(*parts: str | Text) -> None:
    """Print one line; plain strings are never read as markup, and are made safe."""
    line = Text()
    for part in parts:
        line.append(part if isinstance(part, Text) else Text(safe(part)))
    console().print(line, soft_wrap=True)


def styled(text: str, style: str) -> Text:
    """A piece of a line with a style, made safe."""
    return Text(safe(text), style=style)


def say_json(value: object) -> None:
    """Print one JSON value on one line, at once (a reader may wait on the pipe)."""
    sys.stdout.write(json.dumps(value, ensure_ascii=True, default=str) + "\n")
    sys.stdout.flush()


def show_json(value: object, *, as_json: bool) -> None:
    """Print what is JSON anyway: on one line for machines, indented for people."""
    if as_json:
        say_json(value)
    else:
        say(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table of plain text."""
    grid = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        grid.add_row(*(Text(one_line(cell)) for cell in row))
    console().print(grid)


def facts(pairs: Iterable[tuple[str, str]]) -> None:
    """Print names and values, one pair a line."""
    grid = Table.grid(padding=(0, 2))
    for name, value in pairs:
        grid.add_row(Text(name, style="bold"), Text(safe(value)))
    console().print(grid)
