"""Judging the facts: where a delivery is, why, and what happens next. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from durian.console.explain import words
from durian.console.explain.facts import Facts, Place
from durian.console.explain.wanting import Wanting
from durian.console.moments import moment
from durian.consumers.dead_letters import DeadLetter
from durian.consumers.set_aside import SetAside
from durian.registry import Listener
from durian.registry.attempt import Attempt

#: Seconds by which an attempt may be late without anybody having to look for it: waits are jittered
#: and go by the delay wheel's buckets.
_LATE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The answer, in plain sentences."""

    place: Place
    #: Why it is there.
    because: Sequence[str]
    #: What happens next, or what can be done.
    next: str


def judge(facts: Facts) -> Judgement:
    """Say where the delivery of an event to a listener is."""
    last = facts.attempts[-1] if facts.attempts else None
    if last is not None and last.result == "delivered":
        return _delivered(facts, last)
    if (seen := _seen(facts, last)) is not None:
        return seen
    if facts.listener is None or facts.wanting is None:
        return _removed(facts, last)
    if last is None:
        return _untried(facts, facts.listener, facts.wanting)
    if last.result == "retry":
        return _waiting(facts, last)
    return _given_up(facts, last)


def _seen(facts: Facts, last: Attempt | None) -> Judgement | None:
    """It was seen lying somewhere."""
    if facts.letter is not None:
        return _dead(facts, facts.letter)
    if facts.is_orphan:
        return _orphaned(facts, last)
    aside = facts.subject.aside
    unwanted = facts.subject.event and facts.wanting and facts.wanting.holds is False
    return None if aside is None or unwanted else set_aside(aside)


def _delivered(facts: Facts, last: Attempt) -> Judgement:
    because = [f"Attempt {last.number} delivered it at {moment(last.at_ms)}: {words.answer(last)}."]
    if facts.letter is not None:
        because.append("It was given up once: a dead letter of it is still there.")
    return _judgement("delivered", because, "Nothing: it is done.")


def _dead(facts: Facts, letter: DeadLetter) -> Judgement:
    at = "" if letter.dead_at_ms is None else f" at {moment(letter.dead_at_ms)}"
    after = words.attempts(letter.attempts)
    because = [f"It was given up{at}, after {after}: {words.ended(letter.reason)}"]
    if letter.error:
        because.append(f"The last one failed with: {words.ended(letter.error)}")
    if facts.listener is not None:
        because += words.resting(facts)
        return _judgement("dead", because, words.send_letter(facts, letter.reason))
    because.append("The listener was removed since; its dead letters stay.")
    purge = f"`durian dead purge {facts.listener_id}` throws them away."
    return _judgement("dead", because, f"Nothing by itself. {purge}")


def _orphaned(facts: Facts, last: Attempt | None) -> Judgement:
    because = [] if last is None else [words.said(last)]
    because.append("When it came, its listener had no queue: it is among the orphans.")
    if facts.listener is not None:
        return _judgement("orphaned", because, words.send_orphan(facts))
    because.append(f"There is no listener {facts.listener_id} now.")
    purge = f"`durian orphans purge {facts.listener_id}` throws its orphans away."
    return _judgement("orphaned", because, f"{words.BY_ITSELF} {purge}")


def set_aside(aside: SetAside) -> Judgement:
    """Say why an event went to no listener at all."""
    at = "" if aside.at_ms is None else f" at {moment(aside.at_ms)}"
    because = [f"It was set aside{at}, and went to no listener: {words.ended(aside.reason)}"]
    return _judgement(aside.place, because, words.send_aside(aside))


def _removed(facts: Facts, last: Attempt | None) -> Judgement:
    because = [f"There is no listener {facts.listener_id}."]
    if last is not None:
        because += [words.said(last), "Then the listener was removed, and its queue with it."]
    orphans = "What comes back from a delay becomes an orphan: `durian orphans list`."
    return _judgement("removed", because, f"Nothing. {orphans}")


def _untried(facts: Facts, listener: Listener, wanting: Wanting) -> Judgement:
    """No attempt is recorded."""
    if wanting.holds is False:
        return _unwanted(facts, listener, wanting)
    because = ["The listener wants it, and no attempt is recorded."]
    missed = list(words.missed(facts))
    if missed and not facts.ready:
        return _judgement("missed", because + missed, words.replay(facts))
    because += [*missed, *words.on_its_way(facts)]
    if facts.ready and (resting := list(words.resting(facts))):
        return _judgement("resting", because + resting, words.after_rest(facts))
    due = words.happened(facts) + listener.policy.schedule_s[0]
    if listener.policy.schedule_s[0] and due > facts.now:
        because.append("Its schedule begins with a wait.")
        return _judgement("delayed", because, words.attempt_at(facts, 1, due))
    if facts.ready or facts.unrouted or facts.unrecorded:
        return _judgement("queued", because, words.its_turn(facts))
    because += [*words.changed(facts), *words.doubts(facts)]
    return _judgement("unknown", because, words.look_again(facts))


def _unwanted(facts: Facts, listener: Listener, wanting: Wanting) -> Judgement:
    if wanting.by_type:
        because = ["The filter does not hold:", *wanting.failed]
    else:
        because = [f"It wants {listener.event}; the event's type is {facts.subject.type}."]
    because += words.changed(facts)
    return _judgement("unwanted", because, "Nothing: such an event is not sent to it.")


def _waiting(facts: Facts, last: Attempt) -> Judgement:
    """The last attempt failed, and another one is due."""
    because = [words.said(last)]
    following = last.number + 1
    due = (last.next_at_ms or last.at_ms) / 1000
    is_head = facts.head is not None and facts.head.webhook_id == facts.webhook_id
    if facts.head is not None and is_head:
        due = facts.head.due_at
        because.append("The listener is ordered: it waits as the first in its queue.")
    elif due > facts.now:
        because.append("It waits in the delay wheel.")
        return _judgement("delayed", because, words.attempt_at(facts, following, due))
    else:
        because += [f"Its wait was over at about {words.when(due)}.", words.in_queue(facts)]
    if facts.now - due > _LATE_S and not facts.ready and not is_head:
        return _judgement("unknown", [*because, *words.doubts(facts)], words.look_again(facts))
    if resting := list(words.resting(facts)):
        return _judgement("resting", because + resting, words.after_rest(facts))
    if due > facts.now:
        return _judgement("queued", because, words.attempt_at(facts, following, due))
    return _judgement("queued", because, words.its_turn(facts))


def _given_up(facts: Facts, last: Attempt) -> Judgement:
    """The last attempt was the last one, and no dead letter was found."""
    reason = f": {last.reason}" if last.reason else ""
    because = [words.said(last), words.ended(f"It was given up{reason}")]
    if facts.dead > facts.looked:
        there = f"The listener has {words.many(facts.dead, 'dead letter')}"
        seen = f"; it is not among the {facts.looked} oldest" if facts.looked else ""
        return _judgement(
            "dead", [*because, f"{there}{seen}."], words.send_letter(facts, last.reason)
        )
    because.append("It is no longer among the dead letters: it was replayed, or thrown away.")
    if not facts.ready:
        return _judgement("gone", because, words.replay(facts))
    because.append(words.in_queue(facts))
    if resting := list(words.resting(facts)):
        return _judgement("resting", because + resting, words.if_replayed(words.after_rest(facts)))
    return _judgement("queued", because, words.if_replayed(words.its_turn(facts)))


def _judgement(place: Place, because: Iterable[str], following: str) -> Judgement:
    return Judgement(place=place, because=tuple(because), next=following)
