"""Operations on dead letters: count, list, replay, purge."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from durian.console.listeners import pages
from durian.console.operations.operation import Arguments, Context, Progress
from durian.consumers.dead_letters import BROWSE_MOST, DeadLetter, DeadLetters


class Count(Arguments):
    """Count the dead letters of one listener, or of all that have any."""

    listener: str | None = None


class Browse(Arguments):
    """Look at the oldest dead letters of a listener."""

    listener: str
    limit: Annotated[int, Field(ge=1, le=BROWSE_MOST)] = 100


class Replay(Arguments):
    """Send dead letters of a listener again: all, or those of some webhook-ids."""

    listener: str
    webhook_ids: frozenset[str] | None = None
    rate_per_s: Annotated[float | None, Field(gt=0)] = None


class Purge(Arguments):
    """Throw the dead letters of a listener away."""

    listener: str


def count(context: Context, given: Count, progress: Progress) -> dict[str, int]:
    """Dead letters by listener; the queue outlives its listener, so any id may be asked for."""
    letters = DeadLetters(context.broker, context.names)
    if given.listener is not None:
        return {given.listener: letters.count(given.listener)}
    total = context.store.count_listeners()
    found: dict[str, int] = {}
    for done, listener in enumerate(pages(context.store, None), 1):
        if number := letters.count(listener.id):
            found[listener.id] = number
        progress(done, total)
    return found


def browse(context: Context, given: Browse, _progress: Progress) -> list[dict[str, object]]:
    """The oldest dead letters, their bodies as text."""
    letters = DeadLetters(context.broker, context.names)
    return [_described(letter) for letter in letters.browse(given.listener, given.limit)]


def replay(context: Context, given: Replay, progress: Progress) -> int:
    """How many were sent again."""
    return DeadLetters(context.broker, context.names).replay(
        given.listener,
        webhook_ids=given.webhook_ids,
        rate_per_s=given.rate_per_s,
        stop=context.stop,
        progress=progress,
    )


def purge(context: Context, given: Purge, _progress: Progress) -> int:
    """How many were thrown away."""
    return DeadLetters(context.broker, context.names).purge(given.listener)


def _described(letter: DeadLetter) -> dict[str, object]:
    return {
        "webhook_id": letter.webhook_id,
        "event_id": letter.event_id,
        "event_type": letter.event_type,
        "attempts": letter.attempts,
        "reason": letter.reason,
        "error": letter.error,
        "dead_at_ms": letter.dead_at_ms,
        "body": letter.body.decode(errors="replace"),
    }
