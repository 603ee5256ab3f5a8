"""`durian secrets`: signing secrets."""

from __future__ import annotations

import typer

from durian.console.options import AsJSON

app = typer.Typer(help="Signing secrets of listeners.")


@app.callback()
def _group() -> None:
    """Signing secrets of listeners."""


@app.command()
def new(*, as_json: AsJSON = False) -> None:
    """Print a new signing secret (whsec_...)."""
    from durian.console.output import say, say_json
    from durian.signature import new_secret

    secret = new_secret()
    say_json({"secret": secret}) if as_json else say(secret)
