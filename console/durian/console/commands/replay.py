"""`durian replay`: send events of the archive to a listener again."""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.options import AsJSON, BrokerURL, Prefix, RegistryURL, Server

app = typer.Typer(invoke_without_command=True)

Since = Annotated[
    str | None,
    typer.Option(
        help="From when on: 2h, or 2026-11-23T10:00Z. Left out: all that the archive holds."
    ),
]
Until = Annotated[str | None, typer.Option(help="Leave out events whose time is later.")]
Rate = Annotated[
    float | None, typer.Option(help="At most so many a second.", min=0.001, max=1_000_000)
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Send nothing: count, and show the first events.")
]


@app.callback()
def replay(
    context: typer.Context,
    *,
    listener: Annotated[str | None, typer.Option(help="To this listener, by its id.")] = None,
    event: Annotated[
        str | None,
        typer.Option(help="This event alone, by its id; --since says from when on to look for it."),
    ] = None,
    since: Since = None,
    until: Until = None,
    rate: Rate = None,
    dry_run: DryRun = False,
    resume: Annotated[
        str | None, typer.Option(metavar="ID", help="Go on with a replay that did not end.")
    ] = None,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Send events of the archive to a listener again, under the same webhook-ids."""
    from durian.console import replaying
    from durian.console.settings import load

    if context.invoked_subcommand is not None:
        return
    settings = load(broker_url=broker, registry_url=registry, prefix=prefix, server=server)
    if resume is not None:
        replaying.refuse(
            "--resume: it goes on as it began",
            listener=listener,
            event=event,
            since=since,
            until=until,
            rate=rate,
            dry_run=dry_run,
        )
        replaying.resume(settings, resume, as_json=as_json)
        return
    asked = replaying.asked(listener, since=since, until=until, rate=rate)
    if event is not None:
        replaying.refuse("--event: it is one", until=until, rate=rate, dry_run=dry_run)
        replaying.one(settings, event, asked, as_json=as_json)
    else:
        do = replaying.preview if dry_run else replaying.begin
        do(settings, asked, as_json=as_json)


@app.command("list")
def list_(
    *,
    listener: Annotated[
        str | None, typer.Option(help="Only those to this listener, by its id.")
    ] = None,
    limit: Annotated[int, typer.Option(help="How many of the newest.", min=1, max=500)] = 20,
    server: Server = None,
    registry: RegistryURL = None,
    as_json: AsJSON = False,
) -> None:
    """List replays, the newest first, and how far each has come."""
    from durian.console import replaying
    from durian.console.output import say_json, table
    from durian.console.settings import load

    found = replaying.listed(load(server=server, registry_url=registry), listener, limit)
    if as_json:
        for one in found:
            say_json(one)
    else:
        table(replaying.COLUMNS, map(replaying.row, found))
