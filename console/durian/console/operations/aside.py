"""Operations on messages that were set aside: count, list, show, replay, purge."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from durian.console.operations.operation import Arguments, Context, Progress
from durian.console.operations.report import described
from durian.consumers.orphans import Orphans
from durian.consumers.set_aside import Place, SetAside, SetAsides
from durian.consumers.side_queue import BROWSE_MOST
from durian.errors import InvalidInput

#: Characters of a body that are told.
BODY_MOST = 100_000


class Count(Arguments):
    """Count what lies beside the way: orphans, invalid and unrouted messages."""


class Browse(Arguments):
    """Look at the oldest messages of a place."""

    place: Place
    limit: Annotated[int, Field(ge=1, le=BROWSE_MOST)] = 100


class Find(Arguments):
    """Look at one message of a place."""

    place: Place
    id: str


class Replay(Arguments):
    """Publish messages of a place again: all that can be read, or those of some ids."""

    place: Place
    ids: frozenset[str] | None = None
    rate_per_s: Annotated[float | None, Field(ge=0.001, le=1_000_000)] = None


class Purge(Arguments):
    """Throw messages of a place away: all, or those of some ids."""

    place: Place
    ids: frozenset[str] | None = None


def count(context: Context, _given: Count, _progress: Progress) -> dict[str, int]:
    """How many there are in each place."""
    return {
        "orphans": Orphans(context.broker, context.names).count(),
        "invalid": SetAsides(context.broker, context.names, "invalid").count(),
        "unrouted": SetAsides(context.broker, context.names, "unrouted").count(),
    }


def browse(context: Context, given: Browse, _progress: Progress) -> list[dict[str, object]]:
    """The oldest messages and why each is there."""
    found = SetAsides(context.broker, context.names, given.place).browse(given.limit)
    return [_described(one) for one in found]


def find(context: Context, given: Find, _progress: Progress) -> dict[str, object]:
    """One message with all that is known of it."""
    one = SetAsides(context.broker, context.names, given.place).find(given.id)
    try:
        one.events()
        now = ""
    except InvalidInput as error:
        now = str(error)
    return _described(one) | {"unreadable_now": now}


def replay(context: Context, given: Replay, progress: Progress) -> dict[str, object]:
    """What came of publishing them again; kept are those that still cannot be read."""
    report = SetAsides(context.broker, context.names, given.place).replay(
        ids=given.ids, rate_per_s=given.rate_per_s, stop=context.stop, progress=progress
    )
    return described(report)


def purge(context: Context, given: Purge, progress: Progress) -> dict[str, object]:
    """What came of throwing them away."""
    report = SetAsides(context.broker, context.names, given.place).purge(
        ids=given.ids, stop=context.stop, progress=progress
    )
    return described(report)


def _described(one: SetAside) -> dict[str, object]:
    message = one.message
    return {
        "id": one.id,
        "reason": one.reason,
        "at_ms": one.at_ms,
        "exchange": message.exchange,
        "routing_key": message.routing_key,
        "content_type": message.content_type,
        "content_encoding": message.content_encoding,
        "message_id": message.message_id,
        "type": message.type,
        "app_id": message.app_id,
        "headers": {name: str(value) for name, value in message.headers.items()},
        "headers_dropped": one.dropped,
        "bytes": len(message.body),
        "body": message.body[:BODY_MOST].decode(errors="replace"),
    }
