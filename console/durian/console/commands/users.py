"""`durian users`: add, list and remove those who log in to the web pages by a password."""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.options import AsJSON, RegistryURL

app = typer.Typer(help="Users: who logs in to the web pages by name and password.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="What they type to log in.")]


@app.command()
def add(
    name: Name,
    *,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="read, manage, replay or admin; may be repeated. Left out: admin, or manage and "
            "replay for an owner."
        ),
    ] = None,
    owner: Annotated[
        str | None, typer.Option(help="Bind them to the listeners of this owner.")
    ] = None,
    registry: RegistryURL = None,
    as_json: AsJSON = False,
) -> None:
    """Add a user; the password is asked for, or read from a pipe."""
    from durian.console import passwords, users
    from durian.console.desk import open_registry
    from durian.console.output import say_json
    from durian.console.settings import load

    user = users.new_user(name, scope or (), owner)
    kept = passwords.hashed(users.ask_password())
    with open_registry(load(registry_url=registry)) as store:
        store.add_user(user, kept)
    if as_json:
        say_json({"name": user.name})


@app.command("list")
def list_(*, registry: RegistryURL = None, as_json: AsJSON = False) -> None:
    """List all users; --json prints one JSON object a line."""
    from durian.console import users
    from durian.console.desk import open_registry
    from durian.console.output import say_json, table
    from durian.console.settings import load

    with open_registry(load(registry_url=registry)) as store:
        found = list(users.pages(store))
    if as_json:
        for user in found:
            say_json(users.described(user))
    else:
        table(users.COLUMNS, map(users.row, found))


@app.command()
def passwd(name: Name, *, registry: RegistryURL = None, as_json: AsJSON = False) -> None:
    """Give a user a new password, and log them out everywhere."""
    from durian.console import passwords, users
    from durian.console.desk import open_registry
    from durian.console.output import say_json
    from durian.console.settings import load

    with open_registry(load(registry_url=registry)) as store:
        kept = passwords.hashed(users.ask_password())
        store.set_password(name, kept)
    if as_json:
        say_json({"name": name})


@app.command()
def remove(name: Name, *, registry: RegistryURL = None, as_json: AsJSON = False) -> None:
    """Remove a user, and log them out everywhere."""
    from durian.console.desk import open_registry
    from durian.console.output import say_json
    from durian.console.settings import load

    with open_registry(load(registry_url=registry)) as store:
        store.remove_user(name)
    if as_json:
        say_json({"name": name})
