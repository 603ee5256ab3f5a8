"""The operation that explains: why a listener got an event, or did not get it."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated

from pydantic import Field

from durian.console.explain import (
    Facts,
    Gathered,
    Gatherer,
    Subject,
    find_subject,
    judge,
    set_aside,
)
from durian.console.operations.operation import Arguments, Context, Progress
from durian.errors import InvalidInput, ListenerUnknown, NotFound


class Explain(Arguments):
    """Explain an event: at one listener, or at all that want it or were tried."""

    event: Annotated[str, Field(min_length=1)]
    listener: str | None = None
    #: From when on the archive is searched, in milliseconds since the epoch.
    since_ms: Annotated[int | None, Field(ge=0, le=2**53 - 1)] = None
    #: The listeners that do not want it as well.
    everyone: bool = False
    #: Listeners that are told of at once, of a bounded number that are asked; None: all there are.
    limit: Annotated[int | None, Field(ge=1)] = None
    #: Where to go on, as the part before told it.
    after: str | None = None


def explain(
    context: Context, given: Explain, progress: Progress, *, public: bool = False
) -> dict[str, object]:
    """The event, what there is to say of each listener, and how many others there are.

    With a limit, of some of them, and `more`: where to go on.

    `public`: as the listeners' owner may read it.
    """
    since = None if given.since_ms is None else given.since_ms / 1000
    if since is not None and since > time.time():
        raise InvalidInput("since", "is not in the past")
    try:
        subject = find_subject(context, given.event, since, progress)
    except NotFound as error:
        if public or not _is_listener(context, given.event):
            raise
        hint = f"{given.event} is a listener: durian explain {given.listener or 'EVENT_ID'} "
        raise NotFound(error.message, resource="event", hint=hint + given.event) from None
    gatherer = Gatherer(context, subject)
    if given.listener is not None:
        found = Gathered(facts=[gatherer.one(given.listener)])
    elif subject.aside is not None and subject.event is None:
        found = Gathered(facts=())  # whose it would be cannot be told
    elif given.limit is not None:
        found = gatherer.some(given.after, given.limit, everyone=given.everyone)
    else:
        found = gatherer.all(progress, everyone=given.everyone)
    told: dict[str, object] = {
        "event": _event(subject),
        "listeners": [_explained(facts.for_owner() if public else facts) for facts in found.facts],
        "others": dict(found.others),
    }
    return told if found.next is None else told | {"more": found.next}


def _is_listener(context: Context, text: str) -> bool:
    try:
        context.store.get_listener(text)
    except ListenerUnknown:
        return False
    return True


def _event(subject: Subject) -> dict[str, object]:
    described: dict[str, object] = {
        "id": subject.id,
        "type": subject.type,
        "source": subject.source,
        "found": _found(subject),
    }
    if subject.aside is not None:
        judgement = set_aside(subject.aside)
        described["because"] = list(judgement.because)
        described["next"] = judgement.next
    if subject.event is not None:
        attributes = dict(subject.event.attributes)
        if not subject.timed:
            del attributes["time"]
        described["time"] = attributes.get("time")
        described["attributes"] = attributes
    return described


def _found(subject: Subject) -> str:
    """Where it was found; what was set aside may be in the archive as well."""
    if subject.aside is not None:
        return subject.aside.place
    return "archive" if subject.event else "attempts"


def _explained(facts: Facts) -> dict[str, object]:
    judgement = judge(facts)
    wanting, listener = facts.wanting, facts.listener
    return {
        "listener": facts.listener_id,
        "webhook_id": facts.webhook_id,
        "place": judgement.place,
        "because": list(judgement.because),
        "next": judgement.next,
        "enabled": None if listener is None else listener.enabled,
        "pattern": None if listener is None else listener.event,
        "by_type": None if wanting is None else wanting.by_type,
        "by_filter": None if wanting is None else wanting.by_filter,
        "conditions": [] if wanting is None else list(wanting.conditions),
        "failed": [] if wanting is None else list(wanting.failed),
        "failing_since": None if facts.breaker is None else facts.breaker.failing_since,
        "ready": facts.ready,
        "dead_letters": facts.dead,
        "attempts": [asdict(attempt) for attempt in facts.attempts],
    }
