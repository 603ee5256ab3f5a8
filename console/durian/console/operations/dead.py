"""Operations on dead letters: count, list, replay, purge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from durian.console.inspecting import inspect_all
from durian.console.operations.operation import Arguments, Context, Progress
from durian.console.operations.report import described, warnings_of
from durian.consumers.dead_letters import DeadLetter, DeadLetters
from durian.consumers.side_queue import BROWSE_MOST
from durian.control import prepare_queue
from durian.errors import ListenerUnknown

#: Listeners whose dead letters are counted in one go.
_AT_ONCE = 500


class Count(Arguments):
    """Count the dead letters of all listeners that have any."""


class Browse(Arguments):
    """Look at the oldest dead letters of a listener."""

    listener: str
    limit: Annotated[int, Field(ge=1, le=BROWSE_MOST)] = 100


class Replay(Arguments):
    """Send dead letters of a listener again: all, or those of some webhook-ids."""

    listener: str
    webhook_ids: frozenset[str] | None = None
    #: Only those that were given up since then, in milliseconds since the epoch.
    since_ms: Annotated[int | None, Field(ge=0, le=2**53 - 1)] = None
    rate_per_s: Annotated[float | None, Field(ge=0.001, le=1_000_000)] = None


class Purge(Arguments):
    """Throw the dead letters of a listener away: all, or those of some webhook-ids."""

    listener: str
    webhook_ids: frozenset[str] | None = None


def count(context: Context, _given: Count, progress: Progress) -> dict[str, int]:
    """Dead letters by listener; those of removed listeners are still there."""
    total = context.store.count_listeners() + len(context.store.removed_listeners())
    found: dict[str, int] = {}
    done, after = 0, ""
    while names := context.store.known_listeners(after=after, limit=_AT_ONCE):
        found |= _count(context, names)
        done, after = done + len(names), names[-1]
        progress(done, max(done, total))
    return found


def count_some(context: Context, after: str, limit: int) -> tuple[dict[str, int], str | None]:
    """The same of the next listeners by id, so many at most, and after which to go on."""
    names = context.store.known_listeners(after=after, limit=limit)
    return _count(context, names), names[-1] if len(names) == limit else None


def _count(context: Context, names: Sequence[str]) -> dict[str, int]:
    queues = {context.names.dead_queue(name): name for name in names}
    found = inspect_all(context.broker, queues)
    return {queues[queue]: state.ready for queue, state in found.items() if state.ready}


def count_of(context: Context, listener_id: str) -> int:
    """Dead letters of one listener."""
    return DeadLetters(context.broker, context.names).count(listener_id)


def browse(context: Context, given: Browse, _progress: Progress) -> list[dict[str, object]]:
    """The oldest dead letters, their bodies as text."""
    found = _letters(context, given.listener).browse(given.listener, given.limit)
    return [_described(letter) for letter in found]


def replay(context: Context, given: Replay, progress: Progress) -> dict[str, object]:
    """What came of sending them again."""
    letters = _letters(context, given.listener)
    try:
        listener = context.store.get_listener(given.listener)
    except ListenerUnknown as error:
        hint = f"Its dead letters stay: `durian dead show {given.listener}`, `durian dead purge`."
        raise ListenerUnknown(given.listener, hint=hint) from error
    prepare_queue(context.broker, context.names, listener)
    report = letters.replay(
        given.listener,
        webhook_ids=given.webhook_ids,
        since_ms=given.since_ms,
        rate_per_s=given.rate_per_s,
        stop=context.stop,
        progress=progress,
    )
    return described(report) | {"warnings": warnings_of(listener)}


def purge(context: Context, given: Purge, progress: Progress) -> dict[str, object]:
    """What came of throwing them away."""
    report = _letters(context, given.listener).purge(
        given.listener, webhook_ids=given.webhook_ids, stop=context.stop, progress=progress
    )
    return described(report)


def _letters(context: Context, listener_id: str) -> DeadLetters:
    """The dead letters; raises ListenerUnknown when neither they nor their listener are there."""
    letters = DeadLetters(context.broker, context.names)
    if not letters.count(listener_id):
        context.store.get_listener(listener_id)
    return letters


def _described(letter: DeadLetter) -> dict[str, object]:
    return {
        "webhook_id": letter.webhook_id,
        "event_id": letter.event_id,
        "event_type": letter.event_type,
        "attempts": letter.attempts,
        "reason": letter.reason,
        "public_reason": letter.public_reason,
        "error": letter.error,
        "public_error": letter.public_error,
        "dead_at_ms": letter.dead_at_ms,
        "body": letter.body.decode(errors="replace"),
    }
