"""`durian stats`, `durian top` and `durian tail`: how everything fares, and what passes."""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.options import AsJSON, Server

Every = Annotated[float, typer.Option(help="Seconds between two looks.", min=0.2, max=3600)]
Window = Annotated[
    str, typer.Option(help="Rates of so long up to now: 5m, 1h; taken to whole minutes.")
]


def stats(*, window: Window = "1h", server: Server = None, as_json: AsJSON = False) -> None:
    """Say how everything fares: rates, success, latencies, what fails and what waits."""
    from durian.console.deployment import open_watched
    from durian.console.live.top import show_stats, window_of
    from durian.console.settings import load

    window_s = window_of(window, most_s=7 * 24 * 3600)
    with open_watched(load(server=server)) as client:
        show_stats(client, window_s=window_s, as_json=as_json)


def top(
    *,
    window: Window = "5m",
    every: Every = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Look once, and end.")] = False,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Watch listeners: those that fail first, then where most waits, then the busiest."""
    from durian.console.deployment import open_watched
    from durian.console.live.top import run_top, window_of
    from durian.console.settings import load

    window_s = window_of(window, most_s=3600)
    with open_watched(load(server=server)) as client:
        run_top(client, every_s=every, window_s=window_s, once=once, as_json=as_json)


def tail(
    *,
    event_type: Annotated[
        str, typer.Option("--type", help="Only those of this event type, or pattern of types.")
    ] = "#",
    listener: Annotated[
        str | None, typer.Option(help="Only attempts at this listener, by its id.")
    ] = None,
    result: Annotated[
        str | None,
        typer.Option(
            help="Only attempts on which this followed: delivered, retry, dead, disabled."
        ),
    ] = None,
    events: Annotated[bool, typer.Option("--events", help="Only events.")] = False,
    attempts: Annotated[bool, typer.Option("--attempts", help="Only attempts.")] = False,
    every: Every = 1.0,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Print events and attempts as they pass, until Ctrl-C."""
    from durian.console.deployment import open_watched
    from durian.console.live.tail import Tail, run_tail, wanted
    from durian.console.settings import load
    from durian.console.stop import stop_signals

    asked = wanted(event_type, listener, result, events=events, attempts=attempts)
    with open_watched(load(server=server)) as client, stop_signals() as stop:
        run_tail(Tail(client, asked), every_s=every, stop=stop, as_json=as_json)
