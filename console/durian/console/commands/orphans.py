"""`durian orphans`: list, show, replay and purge deliveries that found no queue."""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.commands.replay import Rate
from durian.console.options import AsJSON, BrokerURL, Prefix, RegistryURL, Server

app = typer.Typer(help="Deliveries whose listener had no queue when they arrived.")

ListenerId = Annotated[
    str | None,
    typer.Argument(metavar="[LISTENER]", help="Only those of a listener, by its id."),
]
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
    """List the listeners that have orphans, how many, and whether the listener is there now."""
    from durian.console.operations.runner import open_runner, unseen
    from durian.console.output import say, say_json, table
    from durian.console.settings import load

    settings = load(broker_url=broker, registry_url=registry, prefix=prefix, server=server)
    with open_runner(settings) as run:
        found = run("orphans.count", {}, unseen)
    if as_json:
        say_json(found)
        return
    rows = ((one["listener"], str(one["orphans"]), one["state"]) for one in found["listeners"])
    table(("listener", "orphans", "listener is"), rows)
    if found["looked"] < found["total"]:
        say(f"Only the {found['looked']} oldest of {found['total']} were looked at.")


@app.command()
def show(
    listener: ListenerId = None,
    *,
    limit: Annotated[int, typer.Option(help="How many of the oldest.", min=1, max=2000)] = 20,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Show the oldest orphans; they stay there."""
    from durian.console.operations.runner import open_runner, unseen
    from durian.console.output import say_json, table
    from durian.console.settings import load

    settings = load(broker_url=broker, registry_url=registry, prefix=prefix, server=server)
    with open_runner(settings) as run:
        found = run("orphans.browse", {"listener": listener, "limit": limit}, unseen)
    if as_json:
        for one in found:
            say_json(one)
        return
    fields = ("webhook_id", "listener_id", "event_id", "event_type", "event_time", "attempts")
    columns = ("webhook-id", "listener", "event", "type", "time", "attempts", "last error")
    table(columns, ([str(one[field]) for field in (*fields, "error")] for one in found))


@app.command()
def replay(
    listener: ListenerId = None,
    webhook_ids: WebhookIds = None,
    *,
    rate: Rate = None,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Send orphans again whose listener is there now; the others stay."""
    from durian.console.operations.runner import open_runner
    from durian.console.reporting import show_report
    from durian.console.settings import load
    from durian.console.watching import watched

    settings = load(broker_url=broker, registry_url=registry, prefix=prefix, server=server)
    given = {"listener": listener, "webhook_ids": webhook_ids or None, "rate_per_s": rate}
    with open_runner(settings) as run, watched("replaying") as progress:
        report = run("orphans.replay", given, progress)
    show_report(
        report, "replayed", webhook_ids, as_json=as_json, why="no listener {} exists".format
    )


@app.command()
def purge(
    listener: ListenerId = None,
    webhook_ids: WebhookIds = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Throw orphans away, for good: all, those of a listener, or those that are named."""
    from durian.console.operations.runner import open_runner
    from durian.console.reporting import show_report
    from durian.console.settings import load
    from durian.console.watching import confirm, watched

    settings = load(broker_url=broker, registry_url=registry, prefix=prefix, server=server)
    if not yes:
        whose = f" of {listener}" if listener else ""
        those = f"{len(webhook_ids)} orphans" if webhook_ids else "all orphans"
        confirm(f"Throw away {those}{whose}, for good?", "--yes does not ask.")
    given = {"listener": listener, "webhook_ids": webhook_ids or None}
    with open_runner(settings) as run, watched("purging") as progress:
        report = run("orphans.purge", given, progress)
    show_report(report, "purged", webhook_ids, as_json=as_json)
