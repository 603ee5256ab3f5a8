"""`durian deliveries`: list and show deliveries with their attempts."""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.options import AsJSON, RegistryURL, Server

app = typer.Typer(help="Deliveries and their attempts, from the attempt log.")

Listener = Annotated[str | None, typer.Option(help="Only those to this listener, by its id.")]
Public = Annotated[
    bool, typer.Option("--public", help="Show no more than the listener's owner may see.")
]


@app.command("list")
def list_(
    *,
    listener: Listener = None,
    event: Annotated[str | None, typer.Option(help="Only those of this event, by its id.")] = None,
    event_type: Annotated[
        str | None, typer.Option("--type", help="Only those of events of this type.")
    ] = None,
    result: Annotated[
        str | None, typer.Option(help="Only those: delivered, retry, dead, disabled.")
    ] = None,
    status: Annotated[
        int | None, typer.Option(help="Only those answered with this HTTP status.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only those since then: 2h, or 2026-11-23T10:00Z.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Only those before then.")] = None,
    attempts: Annotated[
        bool, typer.Option("--attempts", help="Every attempt, not each delivery's latest.")
    ] = False,
    limit: Annotated[int, typer.Option(help="How many of the newest.", min=1)] = 50,
    public: Public = False,
    registry: RegistryURL = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """List deliveries, the newest first, each by its latest attempt."""
    from durian.console import deliveries
    from durian.console.output import say_json, table
    from durian.console.registry_desk import open_registry_desk
    from durian.console.settings import load

    settings = load(registry_url=registry, server=server)
    wanted = deliveries.wanted(
        listener=listener,
        event=event,
        event_type=event_type,
        result=result,
        status=status,
        since=since,
        until=until,
    )
    with open_registry_desk(settings) as desk:
        found = deliveries.listed(desk, wanted, limit=limit, latest=not attempts)
        if as_json:
            for one in found:
                say_json(deliveries.described(one, public=public))
        else:
            table(deliveries.ALL_COLUMNS, (deliveries.row(one, public=public) for one in found))


@app.command()
def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="The webhook-id of a delivery or a batch, or an event's id."
        ),
    ],
    *,
    listener: Listener = None,
    public: Public = False,
    registry: RegistryURL = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Show a delivery and its attempts, or all deliveries of an event or in a batch."""
    from durian.console import deliveries
    from durian.console.output import facts, say, say_json, table
    from durian.console.registry_desk import open_registry_desk
    from durian.console.settings import load

    with open_registry_desk(load(registry_url=registry, server=server)) as desk:
        found = deliveries.find(desk, name, listener)
    for attempts in found:
        if as_json:
            for one in attempts:
                say_json(deliveries.described(one, public=public))
            continue
        facts(deliveries.pairs(attempts, public=public))
        rows = (deliveries.row(one, public=public) for one in attempts)
        table(deliveries.COLUMNS, (row[: len(deliveries.COLUMNS)] for row in rows))
        say()
