"""`durian explain`: why a listener got an event, or did not get it."""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.options import AsJSON, BrokerURL, Prefix, RegistryURL, Server


def explain(
    event: Annotated[str, typer.Argument(metavar="EVENT_ID", help="The event's id.")],
    listener: Annotated[
        str | None,
        typer.Argument(metavar="[LISTENER]", help="One listener's id; left out: all it concerns."),
    ] = None,
    *,
    since: Annotated[
        str | None,
        typer.Option(
            help="Search the archive from then on: 2h, or 2026-11-23T10:00Z. Left out: around the "
            "time inside the id, or around the first attempt, or a day back."
        ),
    ] = None,
    everyone: Annotated[
        bool, typer.Option("--all", help="Show the listeners that do not want it as well.")
    ] = False,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Explain why a listener got an event or not: filter, attempts, where it is, what is next."""
    from durian.console import explaining
    from durian.console.operations.runner import open_runner
    from durian.console.output import say_json
    from durian.console.settings import load
    from durian.console.watching import watched

    settings = load(broker_url=broker, registry_url=registry, prefix=prefix, server=server)
    asked = explaining.asked(event, listener, since=since, everyone=everyone)
    with open_runner(settings) as run, watched("looking") as progress:
        found = run("explain", asked, progress)
    if as_json:
        say_json(found)
    elif listener is not None:
        explaining.show_one(found)
    else:
        explaining.show_all(found)
