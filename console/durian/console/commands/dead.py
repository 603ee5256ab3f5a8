"""`durian dead`: list, show, replay and purge dead letters."""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.commands.replay import Rate
from durian.console.options import AsJSON, BrokerURL, Prefix, RegistryURL, Server

app = typer.Typer(help="Deliveries that were given up: kept, explained, replayable.")

ListenerId = Annotated[str, typer.Argument(metavar="LISTENER", help="The listener's id.")]
WebhookIds = Annotated[
    list[str] | None,
    typer.Argument(metavar="[WEBHOOK_ID]...", help="Only these; all when none is given."),
]


@app.command("list")
def list_(
    *,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """List the listeners that have dead letters, and how many."""
    from durian.console.asides import elsewhere
    from durian.console.operations.runner import open_runner, unseen
    from durian.console.output import say_json, table
    from durian.console.settings import load
    from durian.console.watching import watched

    settings = load(broker_url=broker, registry_url=registry, prefix=prefix, server=server)
    with open_runner(settings) as run, watched("counting") as progress:
        found = run("dead.count", {}, progress)
        others = run("aside.count", {}, unseen)
    if as_json:
        say_json(found)
    else:
        table(("listener", "dead letters"), ((name, str(n)) for name, n in sorted(found.items())))
        elsewhere(others)


@app.command()
def show(
    listener: ListenerId,
    *,
    limit: Annotated[int, typer.Option(help="How many of the oldest.", min=1, max=2000)] = 20,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Show the oldest dead letters of a listener and why each was given up; they stay there."""
    from durian.console.moments import moment
    from durian.console.operations.runner import open_runner, unseen
    from durian.console.output import say_json, table
    from durian.console.settings import load

    settings = load(broker_url=broker, registry_url=registry, prefix=prefix, server=server)
    with open_runner(settings) as run:
        letters = run("dead.browse", {"listener": listener, "limit": limit}, unseen)
    if as_json:
        for letter in letters:
            say_json(letter)
        return
    columns = ("webhook-id", "event", "type", "attempts", "given up", "reason", "last error")
    table(
        columns,
        (
            (
                letter["webhook_id"],
                letter["event_id"],
                letter["event_type"],
                str(letter["attempts"]),
                moment(letter["dead_at_ms"]),
                letter["reason"],
                letter["error"],
            )
            for letter in letters
        ),
    )


@app.command()
def replay(
    listener: ListenerId,
    webhook_ids: WebhookIds = None,
    *,
    rate: Rate = None,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Send dead letters again, from their first attempt on, under the same webhook-id."""
    from durian.console.operations.runner import open_runner
    from durian.console.reporting import show_report
    from durian.console.settings import load
    from durian.console.watching import watched

    settings = load(broker_url=broker, registry_url=registry, prefix=prefix, server=server)
    given = {"listener": listener, "webhook_ids": webhook_ids or None, "rate_per_s": rate}
    with open_runner(settings) as run, watched("replaying") as progress:
        report = run("dead.replay", given, progress)
    show_report(report, "replayed", webhook_ids, as_json=as_json)


@app.command()
def purge(
    listener: ListenerId,
    webhook_ids: WebhookIds = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Throw dead letters of a listener away, for good: all, or those that are named."""
    from durian.console.operations.runner import open_runner
    from durian.console.reporting import show_report
    from durian.console.settings import load
    from durian.console.watching import confirm, watched

    settings = load(broker_url=broker, registry_url=registry, prefix=prefix, server=server)
    if not yes:
        those = f"{len(webhook_ids)}" if webhook_ids else "all"
        question = f"Throw away {those} dead letters of {listener}, for good?"
        confirm(question, "--yes does not ask.")
    given = {"listener": listener, "webhook_ids": webhook_ids or None}
    with open_runner(settings) as run, watched("purging") as progress:
        report = run("dead.purge", given, progress)
    show_report(report, "purged", webhook_ids, as_json=as_json)
