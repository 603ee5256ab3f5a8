"""`durian sources`: other systems whose webhooks come in and become events."""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.options import AsJSON, RegistryURL, Server

app = typer.Typer(help="Other systems whose webhooks come in and become events.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The source's name, part of its URL.")]
Secret = Annotated[
    str | None,
    typer.Option(
        help="What its webhooks are signed with; - reads stdin. Left out: a new one, printed once.",
        envvar="DURIAN_SOURCE_SECRET",
    ),
]


@app.command()
def add(
    name: Name,
    *,
    scheme: Annotated[
        str, typer.Option(help="How it signs: standard (Standard Webhooks), github or stripe.")
    ],
    secret: Secret = None,
    event: Annotated[
        str | None,
        typer.Option(help="First words of its events' types: github. Left out: its name."),
    ] = None,
    description: Annotated[str, typer.Option(help="For people.")] = "",
    registry: RegistryURL = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Add a source; prints the path of its URL and, this once, a secret that was made for it."""
    from durian.console import sources
    from durian.console.output import facts, say_json
    from durian.console.registry_desk import open_registry_desk
    from durian.console.settings import load

    source = sources.new_source(name, sources.check_scheme(scheme), event, description)
    with open_registry_desk(load(registry_url=registry, server=server)) as desk:
        source, made = desk.add_source(source, sources.typed(secret))
    shown = {} if made is None else {"secret": made}
    if as_json:
        say_json({**sources.described(source), **shown})
    else:
        facts([("path", sources.path_of(source)), *shown.items()])


@app.command("list")
def list_(*, registry: RegistryURL = None, server: Server = None, as_json: AsJSON = False) -> None:
    """List all sources; --json prints one JSON object a line."""
    from durian.console import sources
    from durian.console.output import say_json, table
    from durian.console.registry_desk import open_registry_desk
    from durian.console.settings import load

    with open_registry_desk(load(registry_url=registry, server=server)) as desk:
        found = list(desk.sources())
    if as_json:
        for source in found:
            say_json(sources.described(source))
    else:
        table(sources.COLUMNS, map(sources.row, found))


@app.command()
def rotate(
    name: Name,
    *,
    secret: Secret = None,
    overlap: Annotated[
        str, typer.Option(help="How long the old secret goes on verifying: 0s, 2h, 7d.")
    ] = "24h",
    registry: RegistryURL = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Give a source a new secret; prints it, this once, when it was made."""
    from durian.console import sources
    from durian.console.moments import read_duration
    from durian.console.output import facts, say_json
    from durian.console.registry_desk import open_registry_desk
    from durian.console.settings import load

    overlap_s = read_duration("--overlap", overlap)
    with open_registry_desk(load(registry_url=registry, server=server)) as desk:
        made = desk.rotate_source(name, sources.typed(secret), overlap_s)
    shown = {} if made is None else {"secret": made}
    say_json({"id": name, **shown}) if as_json else facts([("id", name), *shown.items()])


@app.command()
def remove(
    name: Name,
    *,
    registry: RegistryURL = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Remove a source; its webhooks are refused from then on."""
    from durian.console.output import say_json
    from durian.console.registry_desk import open_registry_desk
    from durian.console.settings import load

    with open_registry_desk(load(registry_url=registry, server=server)) as desk:
        desk.remove_source(name)
    if as_json:
        say_json({"id": name})
