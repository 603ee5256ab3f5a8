"""`durian registry`: the database that holds hooks and listeners."""

from __future__ import annotations

import typer

from durian.console.options import AsJSON, RegistryURL

app = typer.Typer(help="The database of hooks, listeners and secrets.")


@app.command()
def upgrade(*, registry: RegistryURL = None, as_json: AsJSON = False) -> None:
    """Bring the registry's schema up to date; harmless when it is."""
    from durian.console.output import say, say_json
    from durian.console.settings import load
    from durian.registry.store import upgrade as upgrade_schema

    upgrade_schema(load(registry_url=registry).registry_url)
    if as_json:
        say_json({"upgraded": True})
    else:
        say("the registry is up to date")


@app.command()
def version(*, registry: RegistryURL = None, as_json: AsJSON = False) -> None:
    """Show the number of the registry's newest change, and how many listeners it holds."""
    from durian.console.desk import open_registry
    from durian.console.output import facts, say_json
    from durian.console.settings import load

    with open_registry(load(registry_url=registry)) as store:
        found = {"version": store.version(), "listeners": store.count_listeners()}
    if as_json:
        say_json(found)
    else:
        facts((name, str(value)) for name, value in found.items())
