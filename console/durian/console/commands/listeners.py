"""`durian listeners`: add, list, show, change, rotate, remove and backfill listeners."""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.commands.listener_options import (
    Batch,
    CaFile,
    CertFile,
    Conditions,
    EventPattern,
    FilterJSON,
    KeyFile,
    ListenerId,
    Ordered,
    Owner,
    OwnId,
    OwnSecret,
    PolicyChoices,
    RateLimit,
)
from durian.console.commands.replay import DryRun, Rate, Since, Until
from durian.console.options import (
    AsJSON,
    BrokerURL,
    Prefix,
    QueueKind,
    RegistryURL,
    Server,
)

app = typer.Typer(help="The URLs that want events.")


@app.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where events are POSTed to.")],
    *,
    event: EventPattern,
    match: Conditions = None,
    filter_json: FilterJSON = None,
    listener_id: OwnId = None,
    secret: OwnSecret = None,
    description: Annotated[str, typer.Option(help="For people.")] = "",
    owner: Owner = None,
    ordered: Ordered = False,
    rate: RateLimit = None,
    batch: Batch = None,
    policy: PolicyChoices = None,
    ca_file: CaFile = None,
    cert_file: CertFile = None,
    key_file: KeyFile = None,
    server: Server = None,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    queue_type: QueueKind = None,
    as_json: AsJSON = False,
) -> None:
    """Add a listener; prints its id, what it wants and, this once, its signing secret."""
    from durian.console import listeners
    from durian.console.listener_desk import open_listener_desk
    from durian.console.settings import load

    settings = load(
        server=server,
        broker_url=broker,
        registry_url=registry,
        prefix=prefix,
        queue_type=queue_type,
    )
    chosen = listeners.policy_of(policy, ordered=ordered, rate_per_s=rate, batch_events=batch)
    fields = {
        "id": listener_id,
        "url": url,
        "event": event,
        "filter": listeners.filter_of(filter_json, match or ()),
        "policy": chosen | listeners.tls_of(ca_file, cert_file),
        "queue_type": queue_type,
        "description": description,
        "owner": owner,
    }
    with open_listener_desk(settings) as desk:
        added = desk.add(fields, secret, listeners.key_of(key_file))
    listeners.tell_added(added, settings, as_json=as_json)


@app.command("list")
def list_(
    *,
    event: Annotated[str | None, typer.Option(help="Only those of this event pattern.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only those of this owner.")] = None,
    server: Server = None,
    registry: RegistryURL = None,
    as_json: AsJSON = False,
) -> None:
    """List all listeners; --json prints one JSON object a line."""
    from durian.console import listeners
    from durian.console.listener_desk import open_listener_desk
    from durian.console.output import say_json, table
    from durian.console.settings import load

    with open_listener_desk(load(server=server, registry_url=registry)) as desk:
        found = list(desk.list(event, owner))
    if as_json:
        for listener in found:
            say_json(listener)
        return
    table(("id", "event", "filter", "url", "state"), map(listeners.row, found))


@app.command()
def show(
    listener_id: ListenerId,
    *,
    server: Server = None,
    registry: RegistryURL = None,
    as_json: AsJSON = False,
) -> None:
    """Show one listener with its policy, and its breaker if that is open."""
    from durian.console import listeners
    from durian.console.listener_desk import open_listener_desk
    from durian.console.output import facts, say_json
    from durian.console.settings import load

    with open_listener_desk(load(server=server, registry_url=registry)) as desk:
        found = desk.show(listener_id)
    if as_json:
        say_json(found)
    else:
        facts(listeners.pairs(found))


@app.command()
def update(
    listener_id: ListenerId,
    *,
    url: Annotated[str | None, typer.Option(help="Where events are POSTed to from now on.")] = None,
    event: Annotated[str | None, typer.Option(help="Event type, or a pattern of types.")] = None,
    match: Conditions = None,
    filter_json: FilterJSON = None,
    description: Annotated[str | None, typer.Option(help="For people.")] = None,
    rate: RateLimit = None,
    batch: Batch = None,
    policy: PolicyChoices = None,
    server: Server = None,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    as_json: AsJSON = False,
) -> None:
    """Change what is named of a listener, and leave the rest; conditions are replaced as a whole.

    Prints which events it wants now. A policy's field that is null (rate_per_s=null) has its
    default again.
    """
    from durian.console import listeners
    from durian.console.listener_desk import open_listener_desk
    from durian.console.settings import load

    settings = load(server=server, broker_url=broker, registry_url=registry, prefix=prefix)
    wants = match is not None or filter_json is not None
    fields = listeners.given(
        url=url,
        event=event,
        filter=listeners.filter_of(filter_json, match or ()) if wants else None,
        description=description,
        policy=listeners.policy_of(policy, rate_per_s=rate, batch_events=batch),
    )
    with open_listener_desk(settings) as desk:
        updated = desk.update(listener_id, fields, None)
    listeners.tell_updated(updated, as_json=as_json)


@app.command()
def tls(
    listener_id: ListenerId,
    *,
    ca_file: CaFile = None,
    cert_file: CertFile = None,
    key_file: KeyFile = None,
    clear: Annotated[
        bool, typer.Option("--clear", help="Take away what is not given anew.")
    ] = False,
    server: Server = None,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    as_json: AsJSON = False,
) -> None:
    """Give a listener authorities of its own, or a client certificate; or take them away."""
    from durian.console import listeners
    from durian.console.listener_desk import open_listener_desk
    from durian.console.output import say_json
    from durian.console.settings import load

    settings = load(server=server, broker_url=broker, registry_url=registry, prefix=prefix)
    policy = listeners.tls_of(ca_file, cert_file, clear=clear)
    key_pem = listeners.key_of(key_file)
    listeners.refuse_nothing(policy, key_pem)
    with open_listener_desk(settings) as desk:
        desk.update(listener_id, {"policy": policy} if policy else {}, key_pem)
    if as_json:
        say_json({"id": listener_id})


@app.command()
def enable(
    listener_id: ListenerId,
    *,
    server: Server = None,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    as_json: AsJSON = False,
) -> None:
    """Enable a listener: it is matched again, and what rests in its queue is delivered."""
    from durian.console.listener_desk import open_listener_desk
    from durian.console.output import say_json
    from durian.console.settings import load

    settings = load(server=server, broker_url=broker, registry_url=registry, prefix=prefix)
    with open_listener_desk(settings) as desk:
        desk.set_enabled(listener_id, enabled=True)
    if as_json:
        say_json({"id": listener_id})


@app.command()
def disable(
    listener_id: ListenerId,
    *,
    server: Server = None,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    as_json: AsJSON = False,
) -> None:
    """Disable a listener: no event matches it, and what is queued for it rests."""
    from durian.console.listener_desk import open_listener_desk
    from durian.console.output import say_json
    from durian.console.settings import load

    settings = load(server=server, broker_url=broker, registry_url=registry, prefix=prefix)
    with open_listener_desk(settings) as desk:
        desk.set_enabled(listener_id, enabled=False)
    if as_json:
        say_json({"id": listener_id})


@app.command()
def pause(
    listener_id: ListenerId,
    *,
    server: Server = None,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    as_json: AsJSON = False,
) -> None:
    """Pause a listener: what it wants is queued for it, and rests there until it is resumed."""
    from durian.console.listener_desk import open_listener_desk
    from durian.console.output import say_json
    from durian.console.settings import load

    settings = load(server=server, broker_url=broker, registry_url=registry, prefix=prefix)
    with open_listener_desk(settings) as desk:
        desk.set_paused(listener_id, paused=True)
    if as_json:
        say_json({"id": listener_id})


@app.command()
def resume(
    listener_id: ListenerId,
    *,
    server: Server = None,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    as_json: AsJSON = False,
) -> None:
    """Resume a listener: what rests in its queue is delivered."""
    from durian.console.listener_desk import open_listener_desk
    from durian.console.output import say_json
    from durian.console.settings import load

    settings = load(server=server, broker_url=broker, registry_url=registry, prefix=prefix)
    with open_listener_desk(settings) as desk:
        desk.set_paused(listener_id, paused=False)
    if as_json:
        say_json({"id": listener_id})


@app.command()
def rotate(
    listener_id: ListenerId,
    *,
    secret: OwnSecret = None,
    overlap: Annotated[
        str, typer.Option(help="How long the old secrets go on signing: 0s, 12h, 30d at most.")
    ] = "24h",
    server: Server = None,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    as_json: AsJSON = False,
) -> None:
    """Give a listener a new signing secret and print it, this once."""
    from durian.console import listeners
    from durian.console.listener_desk import open_listener_desk
    from durian.console.settings import load

    settings = load(server=server, broker_url=broker, registry_url=registry, prefix=prefix)
    overlap_s = listeners.overlap_of(overlap)
    with open_listener_desk(settings) as desk:
        new = desk.rotate(listener_id, secret, overlap_s)
    told = {"id": listener_id, "secret": new}
    listeners.tell_rotated(told, overlap_s, as_json=as_json)


@app.command()
def remove(
    listener_id: ListenerId,
    *,
    server: Server = None,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    as_json: AsJSON = False,
) -> None:
    """Remove a listener with what is queued for it; its dead letters stay."""
    from durian.console.listener_desk import open_listener_desk
    from durian.console.output import say, say_json
    from durian.console.settings import load

    settings = load(server=server, broker_url=broker, registry_url=registry, prefix=prefix)
    with open_listener_desk(settings) as desk:
        desk.remove(listener_id)
    if as_json:
        say_json({"id": listener_id})
    else:
        say(f"removed {listener_id} with what was queued for it; its dead letters stay")


@app.command()
def backfill(
    listener_id: ListenerId,
    *,
    since: Since = None,
    until: Until = None,
    rate: Rate = None,
    dry_run: DryRun = False,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Send a new listener the events of the archive that it would have wanted."""
    from durian.console import replaying
    from durian.console.settings import load

    settings = load(broker_url=broker, registry_url=registry, prefix=prefix, server=server)
    asked = replaying.asked(listener_id, since=since, until=until, rate=rate)
    do = replaying.preview if dry_run else replaying.begin
    do(settings, asked, as_json=as_json)
