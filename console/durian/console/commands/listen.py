"""`durian listen`: a listening endpoint that verifies and prints what arrives."""

from __future__ import annotations

import random
from typing import Annotated

import typer

from durian.console.options import AsJSON


def listen(
    *,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.", min=0, max=65535)] = 9000,
    secret: Annotated[
        list[str] | None,
        typer.Option(
            envvar="DURIAN_LISTEN_SECRET",
            help="Signing secret (whsec_...) of a listener that delivers here; may be repeated.",
        ),
    ] = None,
    fail_rate: Annotated[
        float, typer.Option(help="Share of requests answered with 503.", min=0, max=1)
    ] = 0.0,
    status: Annotated[int, typer.Option(help="Status of the other answers.", min=200, max=599)] = (
        200
    ),
    delay: Annotated[float, typer.Option(help="Seconds before every answer.", min=0)] = 0.0,
    seed: Annotated[int | None, typer.Option(help="Makes --fail-rate repeatable.")] = None,
    as_json: AsJSON = False,
) -> None:
    """Listen for webhooks: verify and print what arrives, or play a bad endpoint."""
    from durian.console.endpoint.mood import Mood
    from durian.console.endpoint.run import run

    rng = random.Random(seed)  # noqa: S311 - it plays failures, it guards nothing
    mood = Mood(status=status, fail_rate=fail_rate, delay_s=delay, rng=rng)
    run(host, port, mood=mood, secrets=tuple(secret or ()), as_json=as_json)
