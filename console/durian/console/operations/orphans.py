"""Operations on orphans: count, list, replay, purge."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from pydantic import Field

from durian.console.operations.operation import Arguments, Context, Progress
from durian.console.operations.report import described
from durian.consumers.orphans import Orphan, Orphans
from durian.consumers.side_queue import BROWSE_MOST
from durian.errors import ListenerUnknown

#: What became of an orphan's listener.
State = Literal["gone", "disabled", "there"]


class Count(Arguments):
    """Count orphans by listener."""


class Browse(Arguments):
    """Look at the oldest orphans, of one listener or all."""

    listener: str | None = None
    limit: Annotated[int, Field(ge=1, le=BROWSE_MOST)] = 100


class Replay(Arguments):
    """Send orphans again: all, those of one listener, or those of some webhook-ids."""

    listener: str | None = None
    webhook_ids: frozenset[str] | None = None
    rate_per_s: Annotated[float | None, Field(ge=0.001, le=1_000_000)] = None


class Purge(Arguments):
    """Throw orphans away: all, those of one listener, or those of some webhook-ids."""

    listener: str | None = None
    webhook_ids: frozenset[str] | None = None


def count(context: Context, _given: Count, _progress: Progress) -> dict[str, object]:
    """How many there are, and whose the oldest are."""
    orphans = Orphans(context.broker, context.names)
    total = orphans.count()
    found = orphans.browse(BROWSE_MOST)
    by_listener = Counter(orphan.listener_id for orphan in found)
    return {
        "total": total,
        "looked": len(found),
        "listeners": [
            {"listener": name, "orphans": number, "state": _state(context, name)}
            for name, number in sorted(by_listener.items())
        ],
    }


def browse(context: Context, given: Browse, _progress: Progress) -> list[dict[str, object]]:
    """The oldest orphans, their bodies as text."""
    orphans = Orphans(context.broker, context.names)
    if given.listener is None:
        return [_described(one) for one in orphans.browse(given.limit)]
    found = [one for one in orphans.browse(BROWSE_MOST) if one.listener_id == given.listener]
    if not found:
        context.store.get_listener(given.listener)
    return [_described(one) for one in found[: given.limit]]


def replay(context: Context, given: Replay, progress: Progress) -> dict[str, object]:
    """What came of sending them again; kept are those whose listener is not there."""
    report = Orphans(context.broker, context.names).replay(
        context.store.get_listener,
        listener_id=given.listener,
        webhook_ids=given.webhook_ids,
        rate_per_s=given.rate_per_s,
        stop=context.stop,
        progress=progress,
    )
    if given.listener is not None and not report.count and not report.kept:
        context.store.get_listener(given.listener)
    return described(report)


def purge(context: Context, given: Purge, progress: Progress) -> dict[str, object]:
    """What came of throwing them away."""
    report = Orphans(context.broker, context.names).purge(
        listener_id=given.listener,
        webhook_ids=given.webhook_ids,
        stop=context.stop,
        progress=progress,
    )
    if given.listener is not None and not report.count:
        context.store.get_listener(given.listener)
    return described(report)


def _state(context: Context, listener_id: str) -> State:
    try:
        listener = context.store.get_listener(listener_id)
    except ListenerUnknown:
        return "gone"
    return "there" if listener.enabled else "disabled"


def _described(orphan: Orphan) -> dict[str, object]:
    return {
        "webhook_id": orphan.webhook_id,
        "listener_id": orphan.listener_id,
        "event_id": orphan.event_id,
        "event_type": orphan.event_type,
        "event_time": orphan.event_time,
        "attempts": orphan.attempts,
        "error": orphan.error,
        "body": orphan.body.decode(errors="replace"),
    }
