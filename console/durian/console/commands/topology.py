"""`durian topology`: what Durian declares on the broker."""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.options import AsJSON, BrokerURL, Prefix, QueueKind


def topology(
    *,
    declare: Annotated[bool, typer.Option("--declare", help="Declare it on the broker.")] = False,
    broker: BrokerURL = None,
    prefix: Prefix = None,
    queue_type: QueueKind = None,
    as_json: AsJSON = False,
) -> None:
    """Print every exchange, queue and binding with its arguments; --declare makes them."""
    from durian.console import parts
    from durian.console.output import say, say_json, table
    from durian.console.settings import load
    from durian.console.wiring import topology as names_of

    settings = load(broker_url=broker, prefix=prefix, queue_type=queue_type)
    names = names_of(settings)
    if declare:
        count = parts.declare(settings, names)
        if as_json:
            say_json({"declared": count})
        else:
            say(f"declared {count} exchanges, queues and bindings")
        return
    shown = parts.all_parts(names, settings)
    if as_json:
        say_json([parts.described(part) for part in shown])
        return
    table(("part", "name", "kind", "arguments"), map(parts.row, shown))
