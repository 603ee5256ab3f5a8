"""`durian secrets`: signing secrets."""

from __future__ import annotations

import typer

app = typer.Typer(help="Signing secrets of listeners.")


@app.callback()
def _group() -> None:
    """Signing secrets of listeners."""


@app.command()
def new() -> None:
    """Print a new signing secret (whsec_...)."""
    from durian.console.output import say
    from durian.signature import new_secret

    say(new_secret())
