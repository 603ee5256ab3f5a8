"""Showing the broker topology: every exchange, queue and binding, with its arguments."""

from __future__ import annotations

import json
from collections.abc import Sequence

from durian.broker.blocking import declare_all
from durian.broker.parts import Binding, Exchange, Part, Queue
from durian.broker.topology import BUCKETS_MS, Topology
from durian.console.settings import Settings
from durian.console.wiring import open_broker

#: Stands for a listener's id where there is none yet.
PLACEHOLDER = "ID"


def all_parts(names: Topology, settings: Settings) -> Sequence[Part]:
    """The house, and one each of what is declared for a listener and for a delay."""
    return (
        *names.house(),
        *names.listener(PLACEHOLDER, settings.queue_type),
        *names.dead_letters(PLACEHOLDER),
        *names.delay_bucket(BUCKETS_MS[0]),
    )


def declare(settings: Settings, names: Topology) -> int:
    """Declare the house on the broker; tell how many parts it has. Raises BrokerError."""
    parts = names.house()
    with open_broker(settings) as broker:
        declare_all(broker, parts)
    return len(parts)


def described(part: Part) -> dict[str, object]:
    """A part as one JSON object."""
    match part:
        case Exchange():
            return {
                "part": "exchange",
                "name": part.name,
                "kind": part.kind,
                "arguments": dict(part.arguments),
            }
        case Queue():
            kind = "exclusive" if part.exclusive else part.arguments.get("x-queue-type")
            return {
                "part": "queue",
                "name": part.name,
                "kind": kind,
                "arguments": dict(part.arguments),
            }
        case Binding():
            return {"part": "binding", "name": part.exchange, "to": part.queue, "key": part.key}


def row(part: Part) -> tuple[str, str, str, str]:
    """A part as a row: part, name, kind, and what else is to be said."""
    facts = described(part)
    if isinstance(part, Binding):
        return "binding", part.exchange, "", f"-> {part.queue}, key {json.dumps(part.key)}"
    arguments = ", ".join(f"{key}={value}" for key, value in part.arguments.items())
    return str(facts["part"]), part.name, str(facts["kind"]), arguments
