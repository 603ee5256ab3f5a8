"""What is asked of the console: dead letters, and sending them again."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from durian.hook import Settings, current
from durian.hook.parts import part

#: Dead letters of one listener that a page shows.
SHOWN = 100


def dead_letters(listener_id: str) -> list[dict[str, Any]]:
    """The oldest dead letters of a listener. Raises DurianError."""
    found: list[dict[str, Any]] = _run("dead.browse", {"listener": listener_id, "limit": SHOWN})
    return found


def count_dead_letters() -> dict[str, int]:
    """How many dead letters each listener has that has any. Raises DurianError."""
    found: dict[str, int] = _run("dead.count", {})
    return found


def send_again(listener_id: str, webhook_ids: Collection[str] | None) -> int:
    """Send dead letters again, all when none is named; returns how many. Raises DurianError."""
    chosen = None if webhook_ids is None else sorted(webhook_ids)
    sent: int = _run("dead.replay", {"listener": listener_id, "webhook_ids": chosen})
    return sent


def options() -> dict[str, Any]:
    """What the project says, as the console's settings take it."""
    shared = set(Settings.model_fields) - {"source"}
    return current().settings.model_dump(include=shared, exclude_defaults=True)


def _run(name: str, given: dict[str, Any]) -> Any:
    return part("operations")(name, given, **options())
