"""`durian hooks`: what producers promise of their events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from durian.console.options import AsJSON, BrokerURL, Prefix, RegistryURL, Server

app = typer.Typer(help="The definitions of event types.")

HookName = Annotated[str, typer.Argument(metavar="NAME", help="The hook's name: its event type.")]


@app.command("list")
def list_(*, registry: RegistryURL = None, server: Server = None, as_json: AsJSON = False) -> None:
    """List all hooks; --json prints one JSON object a line."""
    from durian.console import hooks
    from durian.console.output import say_json, table
    from durian.console.registry_desk import open_registry_desk
    from durian.console.settings import load

    with open_registry_desk(load(registry_url=registry, server=server)) as desk:
        found = list(desk.hooks())
    if as_json:
        for hook in found:
            say_json(hooks.described(hook))
    else:
        rows = (
            (one.name, one.description, "yes" if one.schema else "no", hooks.shown_example(one))
            for one in found
        )
        table(("name", "description", "schema", "example"), rows)


@app.command()
def show(
    name: HookName, *, registry: RegistryURL = None, server: Server = None, as_json: AsJSON = False
) -> None:
    """Show one hook as JSON."""
    from durian.console import hooks
    from durian.console.output import show_json
    from durian.console.registry_desk import open_registry_desk
    from durian.console.settings import load

    with open_registry_desk(load(registry_url=registry, server=server)) as desk:
        show_json(hooks.described(desk.hook(name)), as_json=as_json)


@app.command()
def schema(
    name: HookName, *, registry: RegistryURL = None, server: Server = None, as_json: AsJSON = False
) -> None:
    """Print the JSON Schema of a hook's data, with its example."""
    from durian.console import hooks
    from durian.console.output import show_json
    from durian.console.registry_desk import open_registry_desk
    from durian.console.settings import load

    with open_registry_desk(load(registry_url=registry, server=server)) as desk:
        show_json(hooks.schema_document(desk.hook(name)), as_json=as_json)


@app.command()
def asyncapi(
    *,
    title: Annotated[str, typer.Option(help="What the document calls itself.")] = "Events",
    version: Annotated[str, typer.Option(help="The version of the document.")] = "1.0.0",
    broker: BrokerURL = None,
    prefix: Prefix = None,
    registry: RegistryURL = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Print an AsyncAPI 3 document of all hooks; where the broker is, without its password."""
    from durian.console.asyncapi import document
    from durian.console.output import show_json
    from durian.console.registry_desk import open_registry_desk
    from durian.console.settings import load
    from durian.console.wiring import topology

    settings = load(broker_url=broker, prefix=prefix, registry_url=registry, server=server)
    with open_registry_desk(settings) as desk:
        built = document(
            desk.hooks(),
            topology(settings),
            title=title,
            version=version,
            broker_url=settings.broker_url,
        )
    show_json(built, as_json=as_json)


@app.command()
def add(
    name: HookName,
    *,
    schema: Annotated[
        Path | None, typer.Option(help="File with the JSON Schema of the event's data.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE:TYPE",
            help="Its schema as a type in Python: a pydantic model or a dataclass.",
        ),
    ] = None,
    example: Annotated[str | None, typer.Option(help="Example data, as JSON.")] = None,
    description: Annotated[str, typer.Option(help="For people.")] = "",
    registry: RegistryURL = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Add a hook, or replace the one of that name."""
    from durian.console import hooks
    from durian.console.output import say_json
    from durian.console.registry_desk import open_registry_desk
    from durian.console.settings import load

    hook = hooks.new_hook(
        name, schema=schema, model=model, example=example, description=description
    )
    with open_registry_desk(load(registry_url=registry, server=server)) as desk:
        desk.put_hook(hook)
    if as_json:
        say_json({"name": hook.name})


@app.command()
def remove(
    name: HookName, *, registry: RegistryURL = None, server: Server = None, as_json: AsJSON = False
) -> None:
    """Remove a hook; its events are no longer checked."""
    from durian.console.output import say_json
    from durian.console.registry_desk import open_registry_desk
    from durian.console.settings import load

    with open_registry_desk(load(registry_url=registry, server=server)) as desk:
        desk.remove_hook(name)
    if as_json:
        say_json({"name": name})
