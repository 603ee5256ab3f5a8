"""All operations by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from durian.console.near import suggesting
from durian.console.operations import aside, dead, explain, orphans, replay
from durian.console.operations.operation import Context, Operation, Progress
from durian.errors import NotFound

_OPERATIONS: dict[str, Operation[Any]] = {
    "dead.count": Operation(dead.Count, dead.count),
    "dead.browse": Operation(dead.Browse, dead.browse),
    "dead.replay": Operation(dead.Replay, dead.replay),
    "dead.purge": Operation(dead.Purge, dead.purge),
    "orphans.count": Operation(orphans.Count, orphans.count),
    "orphans.browse": Operation(orphans.Browse, orphans.browse),
    "orphans.replay": Operation(orphans.Replay, orphans.replay),
    "orphans.purge": Operation(orphans.Purge, orphans.purge),
    "aside.count": Operation(aside.Count, aside.count),
    "aside.browse": Operation(aside.Browse, aside.browse),
    "aside.find": Operation(aside.Find, aside.find),
    "aside.replay": Operation(aside.Replay, aside.replay),
    "aside.purge": Operation(aside.Purge, aside.purge),
    "explain": Operation(explain.Explain, explain.explain),
    "replay.begin": Operation(replay.Begin, replay.begin),
    "replay.resume": Operation(replay.Resume, replay.resume),
    "replay.preview": Operation(replay.PreviewIt, replay.preview),
}


def run(name: str, context: Context, given: Mapping[str, object], progress: Progress) -> object:
    """Do an operation; what it returns can be written as JSON. Raises DurianError."""
    operation = _OPERATIONS.get(name)
    if operation is None:
        raise NotFound(f"There is no operation {name!r}.")
    with suggesting(context.store):
        return operation.run(context, given, progress)
