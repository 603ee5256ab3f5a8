"""The sentences of an explanation, each about one fact."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from http import HTTPStatus

from durian.console.explain.facts import Facts
from durian.console.moments import moment
from durian.consumers.decision import BLOCKED
from durian.consumers.set_aside import SetAside
from durian.registry.attempt import Attempt

#: What is said where nothing is under way.
BY_ITSELF = "Nothing by itself."

#: What is to be done when nobody consumes what a delivery waits in.
_ROUTER = "No router is at work: start `durian router`, or see why it does not run."
_DELIVER = "Nobody consumes its queue: start `durian deliver`, or see why it does not run."

#: What makes an address callable that is not public.
_LET_IN = (
    "If that address is to be called, name its network in DURIAN_ALLOWED_NETWORKS of delivery."
)

#: What is to be done about a redirect.
_REDIRECTED = (
    "Redirects are not followed: `durian listeners update {id} --url` names where it went to."
)


def missed(facts: Facts) -> Iterator[str]:
    """Why a listener that wants the event now was not addressed then."""
    if facts.added_at is not None and happened(facts) < facts.added_at:
        yield f"The listener was added after the event, at {when(facts.added_at)}."
    elif facts.listener is not None and not facts.listener.enabled and not list(changed(facts)):
        yield "The listener is disabled: no event matches it."


def changed(facts: Facts) -> Iterator[str]:
    """Whether what is known of the listener was so when the event happened."""
    if facts.changed_at is not None and happened(facts) < facts.changed_at:
        at = when(facts.changed_at)
        now = ", and is disabled now" if facts.listener and not facts.listener.enabled else ""
        yield (
            f"The listener was changed after the event, at {at}{now}: it may have been another "
            "then."
        )


def on_its_way(facts: Facts) -> Iterator[str]:
    """Where a delivery may be that was not tried yet."""
    if facts.unrouted:
        yield f"{many(facts.unrouted, 'event waits', 'events wait')} for the router."
    yield in_queue(facts)
    if facts.head is not None and facts.head.webhook_id != facts.webhook_id:
        due = when(facts.head.due_at)
        yield f"The listener is ordered: the first in its queue is attempted again at about {due}."
    if facts.unrecorded:
        yield f"{many(facts.unrecorded, 'record')} of attempts still to be written."


def in_queue(facts: Facts) -> str:
    """What is in the listener's queue."""
    if facts.ready is None:
        return (
            "The listener has no queue: it is declared within half a minute of the listener's "
            "being added, or of somebody's deleting it."
        )
    return f"{many(facts.ready, 'message is', 'messages are')} ready in its queue."


def resting(facts: Facts) -> Iterator[str]:
    """Why the listener's queue is not consumed, if it is not."""
    if facts.listener is not None and not facts.listener.enabled:
        yield "The listener is disabled: what is in its queue rests."
    elif facts.listener is not None and facts.listener.paused:
        yield "The listener is paused: what is in its queue rests."
    elif facts.breaker is not None:
        since, probe = when(facts.breaker.failing_since), when(facts.breaker.next_probe_at)
        times = many(facts.breaker.failures, "attempt")
        yield f"The listener fails since {since}, {times} in a row: what is in its queue rests."
        yield f"The next probe is made at about {probe}."


def doubts(facts: Facts) -> Iterator[str]:
    """What may be so when nothing is to be seen."""
    records = "not be written yet" if facts.unrecorded else "have been pruned"
    emptied = "or its queue was emptied or deleted by hand"
    if is_timeless(facts) and facts.added_at is not None:
        added = when(facts.added_at)
        yield f"The event tells no time: it may be older than the listener, added at {added}."
    if facts.routed and not facts.attempts:
        yield (
            "A router of another deployment may have taken it: two must not share a virtual host "
            "and a prefix."
        )
    rest = list(resting(facts))
    yield from rest
    if rest and facts.breaker is None:  # no attempts are made, not even as a probe
        yield f"Its records may {records}, {emptied}."
    else:
        yield (f"An attempt may be under way at this moment, its records may {records}, {emptied}.")


def look_again(facts: Facts) -> str:
    """What to do when it is not to be seen where a delivery is."""
    return f"Look again in a minute. When it says the same then: {from_archive(facts)}"


def after_rest(facts: Facts) -> str:
    """What happens next to a message that rests."""
    if facts.listener is not None and not facts.listener.enabled:
        return f"{BY_ITSELF} `durian listeners enable {facts.listener_id}` has it delivered."
    if facts.listener is not None and facts.listener.paused:
        return f"{BY_ITSELF} `durian listeners resume {facts.listener_id}` has it delivered."
    return "It is attempted as a probe, or once a probe has succeeded."


def its_turn(facts: Facts) -> str:
    """What happens next to a message in a queue that is consumed."""
    missing = [] if facts.routed or not facts.unrouted else [_ROUTER]
    if facts.ready and not facts.consumed:
        missing.append(_DELIVER)
    turn = "It is attempted when its turn comes"
    if not missing:
        return f"{turn}."
    return f"{' '.join(missing)} {turn} once that runs."


def attempt_at(facts: Facts, number: int, due: float) -> str:
    """What happens next to a message that waits for a moment."""
    if list(resting(facts)):
        return f"At about {when(due)} it is back in the listener's queue. {after_rest(facts)}"
    return f"Attempt {number} at about {when(due)}."


def send_letter(facts: Facts, reason: str) -> str:
    """What can be done with a dead letter that was given up for a reason."""
    command = f"durian dead replay {facts.listener_id} {facts.webhook_id}"
    if reason == BLOCKED:
        return f"{BY_ITSELF} {_LET_IN} Then `{command}` sends it again."
    if facts.listener is not None and not facts.listener.enabled:
        command = f"durian listeners enable {facts.listener_id}` and `{command}"
    redirected = f"{_REDIRECTED.format(id=facts.listener_id)} " if is_redirected(facts) else ""
    return f"{BY_ITSELF} {redirected}`{command}` sends it again."


def send_orphan(facts: Facts) -> str:
    """What can be done with an orphan."""
    command = f"durian orphans replay {facts.listener_id} {facts.webhook_id}"
    return f"{BY_ITSELF} `{command}` sends it again."


def send_aside(aside: SetAside) -> str:
    """What can be done with a message that was set aside."""
    show = f"`durian {aside.place} show {aside.id}` shows all of it"
    replays = f"`durian {aside.place} replay {aside.id}` publishes it again"
    return f"{BY_ITSELF} {show}; once it can be read, {replays}."


def replay(facts: Facts) -> str:
    """What can be done when the delivery is nowhere."""
    return f"{BY_ITSELF} {from_archive(facts)}"


def from_archive(facts: Facts) -> str:
    """What sends it from the archive."""
    if facts.subject.event is None:
        return "The archive does not have it any more, so it cannot be sent from there."
    event = shlex.quote(facts.subject.id)
    command = f"durian replay --listener {facts.listener_id} --event {event}"
    if facts.subject.since is not None:
        command += f" --since {when(facts.subject.since).replace(' ', 'T')}"
    if facts.listener is not None and not facts.listener.enabled:
        command = f"durian listeners enable {facts.listener_id}` and `{command}"
    return f"`{command}` sends it."


def if_replayed(following: str) -> str:
    """What happens next to a dead letter that is no longer there."""
    return f"If it was replayed: {following[0].lower()}{following[1:]}"


def said(attempt: Attempt) -> str:
    """What came of an attempt that failed."""
    return ended(f"Attempt {attempt.number} failed at {moment(attempt.at_ms)}: {answer(attempt)}")


def answer(attempt: Attempt) -> str:
    """What came back."""
    if attempt.status is not None:
        return f"status {attempt.status}"
    return ": ".join(part for part in (attempt.kind, attempt.error) if part) or "no response"


def happened(facts: Facts) -> float:
    """When the event happened, as far as is known; in seconds since the epoch."""
    if facts.subject.event is not None and facts.subject.timed:
        return facts.subject.event.time.timestamp()
    return facts.attempts[0].at_ms / 1000 if facts.attempts else facts.now


def is_timeless(facts: Facts) -> bool:
    """Tell whether nothing is known of when an event happened."""
    return not facts.subject.timed and not facts.attempts


def is_redirected(facts: Facts) -> bool:
    """Tell whether what came back last was a redirect."""
    status = facts.attempts[-1].status if facts.attempts else None
    return status is not None and HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST


def ended(sentence: str) -> str:
    """A sentence that may have its end already, because an error came with it."""
    return f"{sentence.rstrip('.')}."


def attempts(count: int) -> str:
    """How many attempts."""
    return many(count, "attempt")


def when(at: float) -> str:
    """A moment in seconds since the epoch, for people."""
    return moment(round(at * 1000))


def many(count: int, one: str, more: str = "") -> str:
    """How many there are of something, whose plural is `more`, or has an s."""
    return f"{count} {one if count == 1 else more or one + 's'}"
