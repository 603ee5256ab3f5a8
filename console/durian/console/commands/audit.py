"""`durian audit`: who changed what, and when."""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.options import AsJSON, RegistryURL, Server

app = typer.Typer(help="The audit log: who changed what, and when.")


@app.callback()
def _group() -> None:
    """The audit log: who changed what, and when."""


@app.command("list")
def list_(
    *,
    target: Annotated[
        str | None, typer.Option(help='Only what was done to this, such as "listener joe".')
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many of the newest.")] = 50,
    registry: RegistryURL = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """List changes, the newest first; --json prints one JSON object a line."""
    from durian.console import audit
    from durian.console.output import say_json, table
    from durian.console.registry_desk import open_registry_desk
    from durian.console.settings import load

    with open_registry_desk(load(registry_url=registry, server=server)) as desk:
        found = list(desk.audit(target, limit))
    if as_json:
        for entry in found:
            say_json(audit.described(entry))
    else:
        table(audit.COLUMNS, map(audit.row, found))
