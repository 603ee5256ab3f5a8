"""Whether a router, a delivery process and a recorder are at work: by who consumes the queues."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, Literal

from durian.registry import Listener

#: The commands of which one has to run somewhere, each.
Process = Literal["router", "deliver", "record"]

#: What it means when none does.
MEANING: Final[Mapping[Process, str]] = {
    "router": "No router is at work: events wait, and reach no listener.",
    "deliver": "Nobody delivers: what listeners want waits in their queues.",
    "record": "No recorder is at work: attempts are made, and are in no log and no plot.",
}


def advice(process: Process) -> str:
    """What to do when none is at work."""
    return f"Start `durian {process}`, or see why it does not run."


def is_consumed(listener: Listener, failing: Collection[str]) -> bool:
    """Tell whether a listener's queue is consumed while anybody delivers.

    It is not while it rests: disabled, paused, or one of the `failing`, whose breaker is open.
    """
    return listener.enabled and not listener.paused and listener.id not in failing


def is_delivering(consumers: Collection[int]) -> bool:
    """Tell by the consumers of their queues whether anybody delivers; without any, none has to."""
    return not consumers or any(consumers)
