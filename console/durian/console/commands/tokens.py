"""`durian tokens`: create, list and revoke API tokens."""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.options import AsJSON, RegistryURL, Server

app = typer.Typer(help="API tokens: who may do what by HTTP.")


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for, for people.")],
    *,
    scope: Annotated[
        list[str],
        typer.Option(help="publish, read, manage, replay or admin; may be repeated."),
    ],
    owner: Annotated[
        str | None, typer.Option(help="Bind it to the listeners of this owner.")
    ] = None,
    expires: Annotated[str, typer.Option(help="How long it works: 12h, 90d, or never.")] = "90d",
    rate: Annotated[float | None, typer.Option(help="Requests a second at most.")] = None,
    registry: RegistryURL = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Create a token and print it, this once."""
    from durian.console import tokens
    from durian.console.output import say, say_json
    from durian.console.registry_desk import open_registry_desk
    from durian.console.settings import load

    limits = tokens.Limits(
        owner=owner, expires_in_s=tokens.lifetime("--expires", expires), rate_per_s=rate
    )
    with open_registry_desk(load(registry_url=registry, server=server)) as desk:
        token, text = desk.create_token(name, scope, limits)
    if as_json:
        say_json({**tokens.described(token), "token": text})
    else:
        say("id     ", token.id)
        say("token  ", text)


@app.command("list")
def list_(*, registry: RegistryURL = None, server: Server = None, as_json: AsJSON = False) -> None:
    """List all tokens, those that have expired among them; --json prints one JSON object a line."""
    from durian.console import tokens
    from durian.console.output import say_json, table
    from durian.console.registry_desk import open_registry_desk
    from durian.console.settings import load

    with open_registry_desk(load(registry_url=registry, server=server)) as desk:
        found = list(desk.tokens())
    if as_json:
        for token in found:
            say_json(tokens.described(token))
    else:
        table(tokens.COLUMNS, map(tokens.row, found))


@app.command()
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The token's id.")],
    *,
    registry: RegistryURL = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Revoke a token: within seconds it works nowhere any more."""
    from durian.console.output import say_json
    from durian.console.registry_desk import open_registry_desk
    from durian.console.settings import load

    with open_registry_desk(load(registry_url=registry, server=server)) as desk:
        desk.revoke_token(token_id)
    if as_json:
        say_json({"id": token_id})
