"""What came of going through a queue, as operations tell it."""

from __future__ import annotations

from durian.consumers.side_queue import Report
from durian.registry import Listener


def described(report: Report) -> dict[str, object]:
    """A report as one JSON object."""
    return {
        "count": report.count,
        "kept": dict(report.kept),
        "missing": list(report.missing),
    }


def warnings_of(listener: Listener) -> list[str]:
    """Why what was sent to a listener again is not delivered now, in plain sentences."""
    if not listener.enabled:
        state, verb = "disabled", "enable"
    elif listener.paused:
        state, verb = "paused", "resume"
    else:
        return []
    command = f"`durian listeners {verb} {listener.id}`"
    return [f"{listener.id} is {state}: what is sent to it rests in its queue until {command}."]
