"""All operations by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from durian.console.near import suggesting
from durian.console.operations import aside, dead, explain, orphans, replay
from durian.console.operations.operation import Arguments, Context, Operation, Progress
from durian.errors import NotFound

_OPERATIONS: dict[str, Operation[Any]] = {
    "dead.count": Operation(dead.Count, dead.count),
    "dead.browse": Operation(dead.Browse, dead.browse),
    "dead.replay": Operation(dead.Replay, dead.replay, acts=True),
    "dead.purge": Operation(dead.Purge, dead.purge, acts=True),
    "orphans.count": Operation(orphans.Count, orphans.count),
    "orphans.browse": Operation(orphans.Browse, orphans.browse),
    "orphans.replay": Operation(orphans.Replay, orphans.replay, acts=True),
    "orphans.purge": Operation(orphans.Purge, orphans.purge, acts=True),
    "aside.count": Operation(aside.Count, aside.count),
    "aside.browse": Operation(aside.Browse, aside.browse),
    "aside.find": Operation(aside.Find, aside.find),
    "aside.replay": Operation(aside.Replay, aside.replay, acts=True),
    "aside.purge": Operation(aside.Purge, aside.purge, acts=True),
    "explain": Operation(explain.Explain, explain.explain),
    "replay.begin": Operation(replay.Begin, replay.begin, acts=True),
    "replay.resume": Operation(replay.Resume, replay.resume, acts=True),
    "replay.one": Operation(replay.One, replay.one, acts=True),
    "replay.preview": Operation(replay.PreviewIt, replay.preview),
}


def check(name: str, given: Mapping[str, object]) -> None:
    """Make sure that an operation can be given these arguments. Raises InvalidInput."""
    _find(name).read(given)


def run(name: str, context: Context, given: Mapping[str, object], progress: Progress) -> object:
    """Do an operation; what it returns can be written as JSON. Raises DurianError.

    One that sends or throws away is in the audit log before it begins.
    """
    operation = _find(name)
    arguments = operation.read(given)
    if operation.acts:
        _note(name, context, arguments)
    with suggesting(context.store):
        return operation.function(context, arguments, progress)


def _find(name: str) -> Operation[Any]:
    operation = _OPERATIONS.get(name)
    if operation is None:
        raise NotFound(f"There is no operation {name!r}.")
    return operation


def _note(name: str, context: Context, arguments: Arguments) -> None:
    """Write down who asked for what."""
    facts = arguments.model_dump(mode="json", exclude_none=True)
    group, _, verb = name.partition(".")
    group = facts.pop("place", group)
    listener, job = facts.pop("listener", None), facts.get("id")
    target = f"listener {listener}" if listener else f"{group} {job}" if job else group
    context.store.note(f"{group}.{verb}", target, after=facts)
