"""`durian invalid` and `durian unrouted`: list, show, replay and purge messages set aside."""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.commands.replay import Rate
from durian.console.options import AsJSON, BrokerURL, Prefix, RegistryURL, Server

#: The commands of both: which of them it is, its name says.
app = typer.Typer()

Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="[MESSAGE]...", help="Only these, by id; all when none is given."),
]


@app.command("list")
def list_(
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option(help="How many of the oldest.", min=1, max=2000)] = 20,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """List the oldest messages and why each is there; they stay there."""
    from durian.console import asides
    from durian.console.operations.runner import open_runner, unseen
    from durian.console.settings import load

    settings = load(broker_url=broker, registry_url=registry, prefix=prefix, server=server)
    place = _place(context)
    with open_runner(settings) as run:
        # Before: what is being looked at is not counted.
        total = run("aside.count", {}, unseen)[place]
        found = run("aside.browse", {"place": place, "limit": limit}, unseen)
    asides.show_all(found, total, as_json=as_json)


@app.command()
def show(
    context: typer.Context,
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="The message's id.")],
    *,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Show a message: headers, body, why it is there, and whether it can be read now."""
    from durian.console import asides
    from durian.console.operations.runner import open_runner, unseen
    from durian.console.settings import load

    settings = load(broker_url=broker, registry_url=registry, prefix=prefix, server=server)
    with open_runner(settings) as run:
        found = run("aside.find", {"place": _place(context), "id": message}, unseen)
    asides.show_one(found, as_json=as_json)


@app.command()
def replay(
    context: typer.Context,
    messages: Ids = None,
    *,
    rate: Rate = None,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Publish messages again that can be read now; the others stay."""
    from durian.console.operations.runner import open_runner
    from durian.console.reporting import show_report
    from durian.console.settings import load
    from durian.console.watching import watched

    settings = load(broker_url=broker, registry_url=registry, prefix=prefix, server=server)
    given = {"place": _place(context), "ids": messages or None, "rate_per_s": rate}
    with open_runner(settings) as run, watched("replaying") as progress:
        report = run("aside.replay", given, progress)
    show_report(report, "replayed", messages, as_json=as_json)


@app.command()
def purge(
    context: typer.Context,
    messages: Ids = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Throw messages away, for good: all, or those that are named."""
    from durian.console.operations.runner import open_runner
    from durian.console.reporting import show_report
    from durian.console.settings import load
    from durian.console.watching import confirm, watched

    settings = load(broker_url=broker, registry_url=registry, prefix=prefix, server=server)
    place = _place(context)
    if not yes:
        those = f"{len(messages)} {place} messages" if messages else f"all {place} messages"
        confirm(f"Throw away {those}, for good?", "--yes does not ask.")
    given = {"place": place, "ids": messages or None}
    with open_runner(settings) as run, watched("purging") as progress:
        report = run("aside.purge", given, progress)
    show_report(report, "purged", messages, as_json=as_json)


def _place(context: typer.Context) -> str:
    """Where the messages are: the name under which these commands were called."""
    return str(context.parent and context.parent.info_name)
