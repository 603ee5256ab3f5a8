"""`durian dead`: list, show, replay and purge dead letters."""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.options import ApiHost, ApiPort, AsJSON, BrokerURL, Prefix, RegistryURL

app = typer.Typer(help="Deliveries that were given up: kept, explained, replayable.")

ListenerId = Annotated[str, typer.Argument(metavar="LISTENER", help="The listener's id.")]


@app.command("list")
def list_(
    *,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    host: ApiHost = None,
    port: ApiPort = None,
    as_json: AsJSON = False,
) -> None:
    """List the listeners that have dead letters, and how many."""
    from durian.console.operations.runner import open_runner
    from durian.console.output import say_json, table
    from durian.console.settings import load
    from durian.console.watching import watched

    settings = load(
        broker_url=broker, registry_url=registry, prefix=prefix, api_host=host, api_port=port
    )
    with open_runner(settings) as run, watched("counting") as progress:
        found = run("dead.count", {}, progress)
    if as_json:
        say_json(found)
    else:
        table(("listener", "dead letters"), ((name, str(n)) for name, n in sorted(found.items())))


@app.command()
def show(
    listener: ListenerId,
    *,
    limit: Annotated[int, typer.Option(help="How many of the oldest.")] = 20,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    host: ApiHost = None,
    port: ApiPort = None,
    as_json: AsJSON = False,
) -> None:
    """Show the oldest dead letters of a listener and why each was given up; they stay there."""
    from durian.console.operations.runner import open_runner, unseen
    from durian.console.output import say_json, table
    from durian.console.settings import load
    from durian.console.watching import moment

    settings = load(
        broker_url=broker, registry_url=registry, prefix=prefix, api_host=host, api_port=port
    )
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
    webhook_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WEBHOOK_ID]...", help="Only these; all when none is given."),
    ] = None,
    *,
    rate: Annotated[float | None, typer.Option(help="At most so many a second.")] = None,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    host: ApiHost = None,
    port: ApiPort = None,
    as_json: AsJSON = False,
) -> None:
    """Send dead letters again, from their first attempt on, under the same webhook-id."""
    from durian.console.operations.runner import open_runner
    from durian.console.output import say, say_json
    from durian.console.settings import load
    from durian.console.watching import watched

    settings = load(
        broker_url=broker, registry_url=registry, prefix=prefix, api_host=host, api_port=port
    )
    given = {"listener": listener, "webhook_ids": webhook_ids or None, "rate_per_s": rate}
    with open_runner(settings) as run, watched("replaying") as progress:
        sent = run("dead.replay", given, progress)
    if as_json:
        say_json({"replayed": sent})
    else:
        say(f"{sent} replayed")


@app.command()
def purge(
    listener: ListenerId,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    host: ApiHost = None,
    port: ApiPort = None,
    as_json: AsJSON = False,
) -> None:
    """Throw the dead letters of a listener away, for good."""
    from durian.console.operations.runner import open_runner, unseen
    from durian.console.output import say, say_json
    from durian.console.settings import load
    from durian.console.watching import confirm

    settings = load(
        broker_url=broker, registry_url=registry, prefix=prefix, api_host=host, api_port=port
    )
    if not yes:
        confirm(f"Throw away all dead letters of {listener}, for good?", "--yes does not ask.")
    with open_runner(settings) as run:
        count = run("dead.purge", {"listener": listener}, unseen)
    if as_json:
        say_json({"purged": count})
    else:
        say(f"{count} thrown away")
