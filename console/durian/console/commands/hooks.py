"""`durian hooks`: what producers promise of their events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from durian.console.options import AsJSON, RegistryURL

app = typer.Typer(help="The definitions of event types.")

HookName = Annotated[str, typer.Argument(metavar="NAME", help="The hook's name: its event type.")]


@app.command("list")
def list_(*, registry: RegistryURL = None, as_json: AsJSON = False) -> None:
    """List all hooks; --json prints one JSON object a line."""
    from durian.console import hooks
    from durian.console.output import say_json, table
    from durian.console.settings import load
    from durian.console.wiring import open_store

    with open_store(load(registry_url=registry)) as store:
        found = list(hooks.pages(store))
    if as_json:
        for hook in found:
            say_json(hooks.described(hook))
    else:
        rows = ((one.name, one.description, "yes" if one.schema else "no") for one in found)
        table(("name", "description", "schema"), rows)


@app.command()
def show(name: HookName, *, registry: RegistryURL = None) -> None:
    """Show one hook as JSON."""
    from durian.console import hooks
    from durian.console.output import say_json
    from durian.console.settings import load
    from durian.console.wiring import open_store

    with open_store(load(registry_url=registry)) as store:
        say_json(hooks.described(store.get_hook(name)))


@app.command()
def add(
    name: HookName,
    *,
    schema: Annotated[
        Path | None, typer.Option(help="File with the JSON Schema of the event's data.")
    ] = None,
    example: Annotated[str | None, typer.Option(help="Example data, as JSON.")] = None,
    description: Annotated[str, typer.Option(help="For people.")] = "",
    registry: RegistryURL = None,
) -> None:
    """Add a hook, or replace the one of that name."""
    from durian.console import hooks
    from durian.console.settings import load
    from durian.console.wiring import open_store

    hook = hooks.new_hook(name, schema, example, description)
    with open_store(load(registry_url=registry)) as store:
        store.put_hook(hook)


@app.command()
def remove(name: HookName, *, registry: RegistryURL = None) -> None:
    """Remove a hook; its events are no longer checked."""
    from durian.console.settings import load
    from durian.console.wiring import open_store

    with open_store(load(registry_url=registry)) as store:
        store.remove_hook(name)
