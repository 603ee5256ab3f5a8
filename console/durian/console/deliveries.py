"""Deliveries and their attempts, as the attempt log has them, for the command line."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from durian.console.moments import moment, read_moment
from durian.errors import InvalidInput, NotFound
from durian.registry.attempt import RESULTS, Attempt
from durian.registry.attempt_query import Wanted

if TYPE_CHECKING:
    from durian.console.registry_desk import RegistryDesk
    from durian.registry.store import Store

#: Records read at once.
_PAGE = 500

#: Attempts of a delivery or an event that are shown: the last ones.
SHOWN = 1000

#: What is left out of what an owner sees: it would be empty, or twice there.
_HIDDEN = ("kind", "reason", "public_error")

#: Of an attempt, in a table of one delivery.
COLUMNS = ("ended", "attempt", "result", "answer", "ms", "next")

#: The same in a table of many deliveries.
ALL_COLUMNS = (*COLUMNS, "listener", "event", "type", "webhook-id")


def wanted(
    *,
    listener: str | None = None,
    event: str | None = None,
    event_type: str | None = None,
    result: str | None = None,
    status: int | None = None,
    since: str | None = None,
    until: str | None = None,
) -> Wanted:
    """Which records were asked for on the command line. Raises InvalidInput."""
    if result is not None and result not in RESULTS:
        raise InvalidInput("--result", f"{result!r} is none of {', '.join(RESULTS)}")
    now = time.time()
    return Wanted(
        listener=listener,
        event_id=event,
        event_type=event_type,
        result=result,
        status=status,
        since_ms=None if since is None else read_moment("--since", since, now),
        until_ms=None if until is None else read_moment("--until", until, now),
    )


def pages(store: Store, asked: Wanted, *, limit: int, latest: bool) -> Iterator[Attempt]:
    """The newest records that fit: of all attempts, or each delivery's latest."""
    ask = store.list_deliveries if latest else store.list_attempts
    after: str | None = None
    while limit > 0:
        page = ask(after=after, limit=min(limit, _PAGE), **asked)
        yield from page.attempts
        if page.next is None:
            return
        after = page.next
        limit -= len(page.attempts)


def listed(desk: RegistryDesk, asked: Wanted, *, limit: int, latest: bool) -> Iterator[Attempt]:
    """The newest records that fit: of all attempts, or each delivery's latest.

    Raises NotFound when those of a listener are asked for of which nothing is known.
    """
    found = desk.attempts(asked, limit=limit, latest=latest)
    first = next(found, None)
    if first is None:
        _check_listener(desk, asked.get("listener"))
        return
    yield first
    yield from found


def _check_listener(desk: RegistryDesk, listener_id: str | None) -> None:
    """Raise NotFound when there is no such listener, and no record of one."""
    if listener_id and not any(desk.attempts({"listener": listener_id}, limit=1, latest=False)):
        desk.check_listener(listener_id)


def find(desk: RegistryDesk, name: str, listener: str | None) -> Sequence[Sequence[Attempt]]:
    """The attempts of a delivery by its webhook-id, or of an event's deliveries by the event's id.

    By the webhook-id of a batch, those that were made in it. One list for each delivery, in order.
    Raises NotFound.
    """
    found = desk.attempts_of(name, listener=listener)
    found = found or desk.attempts_of(event_id=name, listener=listener)
    if not found:
        batch = Wanted(batch_id=name, listener=listener)
        found = [*desk.attempts(batch, limit=SHOWN, latest=False)][::-1]
    if not found:
        at = f" at listener {listener}" if listener else ""
        hint = "Records come a moment after the attempt, and go after DURIAN_ATTEMPTS_KEEP_DAYS."
        raise NotFound(f"No attempt of {name}{at} is recorded.", resource="delivery", hint=hint)
    deliveries: dict[str, list[Attempt]] = {}
    for attempt in found:
        deliveries.setdefault(attempt.webhook_id, []).append(attempt)
    return list(deliveries.values())


def described(attempt: Attempt, *, public: bool) -> Mapping[str, object]:
    """An attempt as one JSON object; `public` as its listener's owner may see it."""
    if not public:
        return asdict(attempt)
    fields = asdict(attempt.for_owner())
    return {name: value for name, value in fields.items() if name not in _HIDDEN}


def row(attempt: Attempt, *, public: bool) -> Sequence[str]:
    """An attempt as a row of ALL_COLUMNS; the first are those of COLUMNS."""
    return (
        moment(attempt.at_ms),
        str(attempt.number),
        attempt.result,
        answer(attempt, public=public),
        str(attempt.latency_ms),
        moment(attempt.next_at_ms),
        attempt.listener_id,
        attempt.event_id,
        attempt.event_type,
        attempt.webhook_id,
    )


def answer(attempt: Attempt, *, public: bool) -> str:
    """What came back: the status, or why there is none."""
    if attempt.status is not None:
        return str(attempt.status)
    seen = attempt.for_owner() if public else attempt
    return ": ".join(part for part in (seen.kind, seen.error) if part) or "no response"


def pairs(attempts: Sequence[Attempt], *, public: bool) -> Iterator[tuple[str, str]]:
    """What there is to say of a delivery, by its attempts, for people."""
    last = attempts[-1].for_owner() if public else attempts[-1]
    yield "webhook-id", last.webhook_id
    yield "listener", last.listener_id
    yield "event", last.event_id
    yield "type", last.event_type
    yield "source", last.event_source
    if last.batch_id is not None:
        yield "batch", last.batch_id
    yield "result", f"{last.result}: {last.reason}" if last.reason else last.result
    if last.next_at_ms is not None:
        yield "next attempt", moment(last.next_at_ms)
    if last.response_head:
        yield "last head", last.response_head
    if last.response_body:
        yield "last body", last.response_body
