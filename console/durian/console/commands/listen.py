"""`durian listen`: a listening endpoint that verifies, prints and passes on what arrives."""

from __future__ import annotations

import random
from typing import Annotated

import typer

from durian.console.options import AsJSON, BrokerURL, Prefix, RegistryURL, Server

Forwarded = Annotated[
    str | None,
    typer.Option(
        "--forward",
        metavar="URL",
        help="Pass every webhook on, as it came, to a program such as http://localhost:3000, and "
        "answer as that does.",
    ),
]
EventPattern = Annotated[
    str | None,
    typer.Option(
        help="Add a listener that wants this event type, or pattern of types, for as long as this "
        "runs."
    ),
]
Conditions = Annotated[
    list[str] | None,
    typer.Option(help="With --event: a condition, such as name=startswith:J; repeatable."),
]
ReachedAt = Annotated[
    str | None,
    typer.Option(
        help="With --event: where Durian reaches this endpoint, such as a tunnel's URL, if not at "
        "its own address."
    ),
]
Secrets = Annotated[
    list[str] | None,
    typer.Option(
        envvar="DURIAN_LISTEN_SECRET",
        help="Signing secret (whsec_...) of a listener that delivers here; may be repeated.",
    ),
]
FailRate = Annotated[float, typer.Option(help="Share of requests answered with 503.", min=0, max=1)]
Status = Annotated[int, typer.Option(help="Status of the other answers.", min=200, max=599)]
Port = Annotated[int, typer.Option(help="Port; 0 takes a free one.", min=0, max=65535)]


def listen(
    *,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Port = 9000,
    forward: Forwarded = None,
    event: EventPattern = None,
    match: Conditions = None,
    url: ReachedAt = None,
    secret: Secrets = None,
    fail_rate: FailRate = 0.0,
    status: Status = 200,
    delay: Annotated[float, typer.Option(help="Seconds before every answer.", min=0)] = 0.0,
    seed: Annotated[int | None, typer.Option(help="Makes --fail-rate repeatable.")] = None,
    server: Server = None,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    as_json: AsJSON = False,
) -> None:
    """Listen for webhooks: verify, print and pass on what arrives, or play a bad endpoint."""
    from durian.console.endpoint.forward import Forward
    from durian.console.endpoint.mood import Mood
    from durian.console.endpoint.run import run
    from durian.console.endpoint.subscribe import secrets_for, subscriber
    from durian.console.settings import load

    secrets = secrets_for(event, secret or ())
    settings = load(server=server, broker_url=broker, registry_url=registry, prefix=prefix)
    rng = random.Random(seed)  # noqa: S311 - it plays failures, it guards nothing
    run(
        host,
        port,
        mood=Mood(status=status, fail_rate=fail_rate, delay_s=delay, rng=rng),
        secrets=secrets,
        as_json=as_json,
        forward=None if forward is None else Forward(forward),
        subscribe=subscriber(settings, event, match or (), url, secrets),
    )
