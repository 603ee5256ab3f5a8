"""Why a listener got an event, or did not: all that can be the case, in plain sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from durian.console.explain import Facts, Place, Subject, judge, wanting
from durian.consumers.dead_letters import DeadLetter
from durian.consumers.decision import BLOCKED
from durian.consumers.set_aside import SetAside
from durian.events import Event, amqp
from durian.match import Filter, Index
from durian.registry import Head, OpenBreaker
from durian.registry.attempt import Attempt
from tests.support.registry import NOW, attempt, listener

EVENT = Event(
    id="e1",
    source="/shop",
    type="person",
    time=datetime.fromtimestamp(NOW, UTC),
    data={"name": "Bo", "age": 3, "tags": ["a"]},
)
SUBJECT = Subject(id="e1", type="person", source="/shop", event=EVENT)
JOE = listener()
FAILED = attempt(result="retry", status=500, next_at_ms=round((NOW + 300) * 1000))
GIVEN_UP = attempt(result="dead", status=500, number=3, reason="3 attempts failed")
LETTER = DeadLetter(
    webhook_id="msg_1",
    listener_id="joe",
    event_id="e1",
    event_type="person",
    attempts=3,
    reason="3 attempts failed",
    error="status 500",
    dead_at_ms=round(NOW * 1000),
    body=b"{}",
)
ASIDE = SetAside(
    place="invalid",
    id="0123456789ab",
    message=amqp.encode(EVENT),
    is_record=False,
    reason="internal error",
    at_ms=round(NOW * 1000),
    dropped=0,
)
LATER = replace(SUBJECT, aside=ASIDE)
TIMELESS = replace(SUBJECT, timed=False)
UNREADABLE = replace(
    SUBJECT,
    event=None,
    aside=replace(ASIDE, place="unrouted", reason="no queue was bound", at_ms=None),
)
BREAKER = OpenBreaker(
    listener_id="joe", failing_since=NOW, failures=12, opened_at=NOW, next_probe_at=NOW + 90
)


def facts(*attempts: Attempt, **fields: object) -> Facts:
    """Joe wants the event, was there before it, and his queue is empty."""
    given: dict[str, object] = {
        "now": NOW + 60,
        "subject": SUBJECT,
        "listener_id": "joe",
        "webhook_id": "msg_1",
        "listener": JOE,
        "wanting": wanting(JOE, "person", EVENT),
        "attempts": attempts,
        "added_at": NOW - 1000,
        "changed_at": NOW - 1000,
        "ready": 0,
    }
    return Facts(**given | fields)  # type: ignore[arg-type]  # fields by name


def removed(*attempts: Attempt, **fields: object) -> Facts:
    return facts(*attempts, listener=None, wanting=None, ready=None, **fields)


DISABLED = JOE.replace(enabled=False)
PAUSED = JOE.replace(paused=True)
OTHER = JOE.replace(event="order.#")
PICKY = JOE.replace(filter='{"name":{"startswith":"J"}}')
SLOW = JOE.replace(policy={"schedule_s": [600, 5]})
ORDERED = JOE.replace(policy={"ordered": True})
HEAD = Head(listener_id="joe", webhook_id="msg_1", attempts=1, first_at_ms=1, due_at=NOW + 200)


@pytest.mark.parametrize(
    ("found", "place", "because", "following"),
    [
        (facts(attempt()), "delivered", "Attempt 1 delivered it at 2027", "Nothing: it is done"),
        (facts(attempt(), letter=LETTER), "delivered", "a dead letter of it", "Nothing"),
        (facts(letter=LETTER), "dead", "after 3 attempts: 3 attempts failed",
         "durian dead replay joe msg_1"),
        (facts(letter=replace(LETTER, reason=BLOCKED)), "dead", BLOCKED,
         "in DURIAN_ALLOWED_NETWORKS of delivery. Then `durian dead replay joe msg_1`"),
        (facts(letter=LETTER, listener=DISABLED), "dead", "The listener is disabled",
         "`durian listeners enable joe` and `durian dead replay joe msg_1`"),
        (facts(attempt(result="dead", status=302, number=3), letter=LETTER), "dead", "failed",
         "`durian listeners update joe --url` names where it went to. `durian dead replay joe"),
        (facts(letter=replace(LETTER, error="not valid.")), "dead", "with: not valid.", "replay"),
        (removed(letter=LETTER), "dead", "removed since; its dead letters stay", "dead purge joe"),
        (removed(FAILED), "removed", "There is no listener joe", "durian orphans list"),
        (removed(FAILED, is_orphan=True), "orphaned", "no listener joe now", "orphans purge joe"),
        (facts(FAILED, is_orphan=True), "orphaned", "Attempt 1 failed", "orphans replay joe msg_1"),
        (facts(subject=LATER), "invalid", "went to no listener: internal error",
         "durian invalid replay"),
        (facts(subject=LATER, wanting=wanting(PICKY, "person", EVENT), listener=PICKY), "unwanted",
         'found "Bo"', "not sent"),
        (removed(subject=UNREADABLE), "unrouted", "no queue was bound", "durian unrouted show"),
        (facts(subject=UNREADABLE, wanting=wanting(OTHER, "person", None), listener=OTHER),
         "unrouted", "no queue was bound", "durian unrouted replay"),
        (facts(wanting=wanting(OTHER, "person", EVENT), listener=OTHER), "unwanted",
         "It wants order.#; the event's type is person.", "such an event is not sent"),
        (facts(wanting=wanting(PICKY, "person", EVENT), listener=PICKY), "unwanted",
         'name startswith "J", found "Bo"', "such an event is not sent"),
        (facts(wanting=wanting(PICKY, "person", EVENT), listener=PICKY, changed_at=NOW + 5),
         "unwanted", "changed after the event, at 2027", "not sent"),
        (facts(added_at=NOW + 30, changed_at=NOW + 30), "missed", "added after the event",
         "`durian replay --listener joe --event e1` sends it."),
        (facts(changed_at=NOW + 30), "unknown", "it may have been another then", "durian replay"),
        (facts(listener=DISABLED), "missed", "disabled: no event matches it",
         "durian listeners enable joe` and `durian replay"),
        (facts(listener=DISABLED, ready=4), "resting", "what is in its queue rests",
         "durian listeners enable joe"),
        (facts(listener=PAUSED, ready=4), "resting", "is paused", "durian listeners resume joe"),
        (facts(listener=DISABLED, changed_at=NOW + 30), "unknown", "and is disabled now",
         "durian listeners enable joe` and `durian replay"),
        (facts(breaker=BREAKER), "unknown", "0 messages are ready", "durian replay"),
        (facts(FAILED, breaker=BREAKER, now=NOW + 900), "unknown",
         "12 attempts in a row: what is in its queue rests", "says the same then: `durian replay"),
        (facts(listener=PAUSED), "unknown",
         "The listener is paused: what is in its queue rests. Its records may have been pruned",
         "says the same then: `durian replay"),
        (facts(subject=TIMELESS), "unknown", "no time: it may be older than the listener",
         "durian replay"),
        (facts(subject=TIMELESS, added_at=NOW + 30, changed_at=NOW + 30), "unknown",
         "no time: it may be older than the listener", "durian replay"),
        (facts(ready=None), "unknown", "of somebody's deleting it", "replay"),
        (facts(breaker=BREAKER, ready=4), "resting", "12 attempts in a row", "as a probe"),
        (facts(listener=SLOW), "delayed", "Its schedule begins with a wait", "Attempt 1 at about"),
        (facts(ready=1), "queued", "1 message is ready in its queue",
         "It is attempted when its turn comes."),
        (facts(ready=1, consumed=False), "queued", "1 message is ready in its queue",
         "Nobody consumes its queue: start `durian deliver`"),
        (facts(listener=ORDERED, head=replace(HEAD, webhook_id="msg_0"), ready=2), "queued",
         "the first in its queue is attempted again at about 2027", "its turn"),
        (facts(unrouted=2), "queued", "2 events wait for the router",
         "It is attempted when its turn comes."),
        (facts(unrouted=2, routed=False), "queued", "2 events wait for the router",
         "No router is at work: start `durian router`"),
        (facts(unrecorded=1), "queued", "1 record of attempts still to be written", "its turn"),
        (facts(ready=None, unrouted=1), "queued", "has no queue: it is declared", "its turn"),
        (facts(), "unknown", "have been pruned", "Look again"),
        (facts(), "unknown", "two must not share a virtual host", "Look again"),
        (facts(FAILED), "delayed", "It waits in the delay wheel", "Attempt 2 at about 2027"),
        (facts(FAILED, breaker=BREAKER), "delayed", "status 500",
         "it is back in the listener's queue. It is attempted as a probe"),
        (facts(FAILED, now=NOW + 310, ready=2), "queued", "Its wait was over", "its turn"),
        (facts(FAILED, now=NOW + 900, unrecorded=1), "unknown", "may not be written", "Look again"),
        (facts(FAILED, now=NOW + 310, listener=DISABLED), "resting", "disabled", "enable joe"),
        (facts(FAILED, listener=ORDERED, head=HEAD), "queued", "the first in its queue",
         "Attempt 2 at about"),
        (facts(FAILED, listener=ORDERED, head=HEAD, breaker=BREAKER), "resting", "ordered",
         "as a probe"),
        (facts(GIVEN_UP, dead=1), "dead", "has 1 dead letter.", "durian dead replay joe msg_1"),
        (facts(GIVEN_UP, dead=3), "dead", "has 3 dead letters.", "durian dead replay joe msg_1"),
        (facts(GIVEN_UP, dead=900, looked=500), "dead", "not among the 500 oldest", "dead replay"),
        (facts(GIVEN_UP), "gone", "replayed, or thrown away", "durian replay --listener joe"),
        (facts(GIVEN_UP, subject=replace(SUBJECT, event=None)), "gone", "thrown away",
         "The archive does not have it any more"),
        (facts(subject=replace(SUBJECT, id="order 17")), "unknown", "pruned",
         "--event 'order 17'` sends it"),
        (facts(subject=replace(SUBJECT, since=NOW - 3 * 86_400)), "unknown", "pruned",
         "--event e1 --since 2027-01-12T08:00:00Z` sends it"),
        (facts(GIVEN_UP, ready=2), "queued", "2 messages are ready",
         "If it was replayed: it is attempted when its turn comes"),
        (facts(GIVEN_UP, ready=2, breaker=BREAKER), "resting", "rests",
         "If it was replayed: it is attempted as a probe"),
        (facts(FAILED, GIVEN_UP, attempt(number=1)), "delivered", "Attempt 1 delivered", "done"),
    ],
)  # fmt: skip
def test_each_case_is_told_apart(found: Facts, place: Place, because: str, following: str) -> None:
    judgement = judge(found)

    assert judgement.place == place
    assert because in " ".join(judgement.because), judgement
    assert following in judgement.next, judgement
    assert ".." not in " ".join([*judgement.because, judgement.next]).replace("...", "")


def test_what_the_archive_no_longer_has_is_told_by_the_attempts() -> None:
    known = replace(SUBJECT, event=None)
    wants = wanting(PICKY, "person", None)
    found = facts(FAILED, subject=known, listener=PICKY, wanting=wants, added_at=NOW + 3)

    assert (wants.by_type, wants.by_filter, wants.holds) == (True, None, None)
    assert judge(found).place == "delayed"
    assert judge(replace(found, attempts=())).place == "unknown"


@pytest.mark.parametrize(
    ("filter_json", "failed"),
    [
        ("{}", []),
        ('{"name":"Bo"}', []),
        ('{"name":"Joe"}', ['name is "Joe", found "Bo"']),
        ('{"name":"Joe","age":{"gt":2}}', ['name is "Joe", found "Bo"']),
        (
            '{"name":{"any-of":["x",{"startswith":"y"}]}}',
            ['name is "x", found "Bo"', 'name startswith "y", found "Bo"'],
        ),
        ('{"name":{"not":"Bo"}}', ['name must not be so: name is "Bo", found "Bo"']),
        ('{"tags":"z"}', ['tags is "z", found ["a"]']),
        ('{"city":"Oslo"}', ['city is "Oslo", found nothing']),
    ],
)
def test_the_conditions_that_decided_are_named(filter_json: str, failed: list[str]) -> None:
    wants = wanting(JOE.replace(filter=filter_json), "person", EVENT)

    assert wants.by_type
    assert wants.holds is (not failed)
    assert list(wants.failed) == failed
    assert wants.conditions


def test_a_filter_that_cannot_be_read_wants_nothing() -> None:
    broken = JOE.model_copy(update={"filter": "[]"})

    wants = wanting(broken, "person", EVENT)

    assert wants.holds is False
    assert "cannot be read" in wants.failed[0]


@pytest.mark.parametrize("pattern", ["#", "person", "durian.#", "order.*", "*.paid", "order.paid"])
@pytest.mark.parametrize("event_type", ["person", "durian.listener.failing", "order.paid", "order"])
def test_types_are_meant_as_the_router_means_them(pattern: str, event_type: str) -> None:
    event = Event(type=event_type)
    index = Index()
    index.add("joe", pattern, Filter())

    wants = wanting(JOE.replace(event=pattern), event_type, event)

    assert wants.by_type is bool(index.match(event))
