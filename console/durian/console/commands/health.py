"""`durian health`: is the process of a heartbeat file alive?"""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.options import AsJSON, HealthFile


def health(
    *,
    health_file: HealthFile = None,
    max_age: Annotated[
        float, typer.Option(help="Seconds since the last sign of life that are fine.", min=0)
    ] = 15.0,
    as_json: AsJSON = False,
) -> None:
    """Check the heartbeat of a running router, deliver or record; exit code 0 means healthy."""
    from durian.console.heartbeat import check
    from durian.console.output import say, say_json
    from durian.console.settings import load

    age_s = check(load(health_file=health_file).health_file, max_age)
    if as_json:
        say_json({"healthy": True, "age_s": age_s})
    else:
        say(f"healthy: last sign of life {age_s:.1f} s ago")
