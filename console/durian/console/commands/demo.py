"""`durian demo`: the main job, shown in one process."""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.options import ApiHost, ApiPort, AsJSON


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="End after the last event.")] = False,
    host: ApiHost = None,
    port: ApiPort = None,
    as_json: AsJSON = False,
) -> None:
    """Show events on their way to listeners: embedded broker, real HTTP, nothing to install."""
    from durian.console.demo.run import run
    from durian.console.settings import load

    run(load(api_host=host, api_port=port), once=once, as_json=as_json)
