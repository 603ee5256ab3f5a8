"""Messages that were set aside, on each broker: seen, explained, published again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from durian.broker import blocking
from durian.broker.port import Address, Broker
from durian.consumers.set_aside import SetAside, SetAsides
from durian.errors import NotFound
from durian.events import Event, amqp
from durian.events.message import Message
from durian.match import Index
from durian.registry.attempt import joined
from durian.router import Router
from durian.router.invalid import explained
from tests.support.archive import NAMES, sent_to
from tests.support.broker import Inbox, eventually
from tests.support.registry import attempt
from tests.support.whole import FakeRegistry, listener

NAN = Message(body=b'{"a": NaN}', content_type="application/json", routing_key="person")


@pytest.fixture
def router(broker: Broker) -> Iterator[Router]:
    """A router that knows joe, who wants everything."""
    registry = FakeRegistry()
    registry.put(listener("joe"))
    router = Router(broker, NAMES, registry)
    router.start()
    assert router.wait_ready(20)
    yield router
    router.stop()


@pytest.fixture
def invalid(broker: Broker) -> SetAsides:
    return SetAsides(broker, NAMES, "invalid")


def publish(broker: Broker, *messages: Message) -> None:
    batch = [(one, Address(NAMES.events, one.routing_key)) for one in messages]
    blocking.publish_all(broker, batch)


def waits_for(asides: SetAsides, count: int) -> None:
    eventually(lambda: asides.count() == count)


def browsed(asides: SetAsides, count: int) -> list[SetAside]:
    """Look at so many; what was looked at before may still be on its way back."""
    waits_for(asides, count)
    found = asides.browse()
    assert len(found) == count
    waits_for(asides, count)
    return found


def test_what_cannot_be_read_is_seen_with_the_reason_and_stays(
    broker: Broker, router: Router, invalid: SetAsides
) -> None:
    publish(broker, NAN, Message(body=b"[", content_type="application/cloudevents+json"))
    waits_for(invalid, 2)

    first, second = browsed(invalid, 2)
    assert (first.message.body, first.message.routing_key) == (NAN.body, "person")
    assert "data" in first.reason
    assert first.at_ms is not None
    assert first.id != second.id

    report = invalid.replay()
    assert report.count == 0
    assert sum(report.kept.values()) == 2
    # In any order: what comes back from a hand may pass what was still on its way there.
    left = browsed(invalid, 2)
    assert len(left) == 2
    assert all(one in left for one in (first, second))
    assert router.counts.invalid == 2


def test_what_can_be_read_now_is_published_again_as_it_was(
    broker: Broker, router: Router, invalid: SetAsides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours set it aside; a newer version has none."""
    event = Event(id="e1", source="/s", type="person", data={"a": 1.0}, subject="x")
    match = Index.match
    monkeypatch.setattr(Index, "match", lambda _index, _event: 1 // 0)
    publish(broker, amqp.encode(event), NAN)
    waits_for(invalid, 2)
    monkeypatch.setattr(Index, "match", match)

    report = invalid.replay()

    assert report.count == 1
    waits_for(invalid, 1)
    eventually(lambda: blocking.count(broker, NAMES.listener_queue("joe")) == 1)
    [delivery] = sent_to(broker, "joe")
    assert amqp.attributes_of(delivery.message) == event.attributes
    assert delivery.message.body == event.body
    assert router.counts.deliveries == 1


def test_headers_of_any_kind_mean_afterwards_what_they_meant(
    broker: Broker, invalid: SetAsides
) -> None:
    blocking.declare_all(broker, NAMES.house())
    headers: dict[str, object] = {
        "ce-specversion": "1.0",
        "ce-id": 7,
        "ce-source": "/s",
        "ce-type": "t",
        "ce-flag": True,
        "ce-time": datetime(2026, 1, 2, tzinfo=UTC),
        "ce-nothing": None,
    }
    meant = amqp.decode(Message(body=b"1", headers=headers))
    aside = explained(Message(body=b"1", headers=headers, exchange=NAMES.events), "why", 10.0)
    blocking.publish_all(broker, [(aside, Address(NAMES.invalid, "t"))])

    [one] = browsed(invalid, 1)
    assert (one.reason, one.at_ms) == ("why", 10_000)
    assert one.events()[0].attributes == meant[0].attributes


def test_only_the_named_ones_are_published_and_thrown_away(
    broker: Broker, invalid: SetAsides
) -> None:
    blocking.declare_all(broker, NAMES.house())
    for number in range(5):
        event = Event(id=f"e{number}", source="/s", type="t", data=number)
        aside = explained(amqp.encode(event), "once", 1.0)
        blocking.publish_all(broker, [(aside, Address(NAMES.invalid, "t"))])
    ids = [one.id for one in browsed(invalid, 5)]

    report = invalid.replay(ids={ids[1], "unknown"})
    assert (report.count, report.missing) == (1, ["unknown"])
    waits_for(invalid, 4)
    report = invalid.purge(ids={ids[3]})
    assert (report.count, report.missing) == (1, [])

    assert sorted(one.id for one in browsed(invalid, 3)) == sorted(ids[::2])
    assert invalid.find(ids[0]).message.body == b"0"
    waits_for(invalid, 3)
    with pytest.raises(NotFound):
        invalid.find(ids[1])
    waits_for(invalid, 3)
    assert blocking.count(broker, NAMES.route) == 1
    assert invalid.purge().count == 3
    waits_for(invalid, 0)


def test_what_lost_headers_is_for_its_producer_to_publish(
    broker: Broker, invalid: SetAsides
) -> None:
    blocking.declare_all(broker, NAMES.house())
    event = amqp.encode(Event(id="e", source="/s", type="t", data=1))
    large = {**event.headers, **{f"h{n}": "x" * 1000 for n in range(20)}}
    aside = explained(Message(body=b"1", headers=large), "no event", 1.0)
    blocking.publish_all(broker, [(aside, Address(NAMES.invalid, "t"))])

    report = invalid.replay()

    assert report.count == 0
    assert "has lost" in next(iter(report.kept))
    [one] = browsed(invalid, 1)
    assert one.dropped == 20 + len(event.headers) - len(one.message.headers)


def test_a_record_goes_back_to_the_records_not_to_the_events(
    broker: Broker, invalid: SetAsides
) -> None:
    blocking.declare_all(broker, NAMES.house())
    record = Message(
        body=joined([attempt("msg_1").to_json()]),
        content_type="application/json",
        exchange=NAMES.attempts,
        routing_key="joe.delivered",
    )
    for one in (record, Message(body=b"{}", exchange=NAMES.attempts)):
        aside = explained(one, "the registry refused it", 1.0)
        blocking.publish_all(broker, [(aside, Address(NAMES.invalid, one.routing_key))])

    report = invalid.replay()

    assert report.count == 1
    assert "attempt record" in next(iter(report.kept))
    inbox = Inbox()
    broker.consume(NAMES.attempts, inbox, prefetch=1)
    [received] = inbox.wait(1)
    assert received.message.body == record.body
    assert received.message.routing_key == "joe.delivered"
    assert blocking.count(broker, NAMES.route) == 0


def test_what_the_broker_gave_up_is_published_under_the_key_it_had(
    broker: Broker, invalid: SetAsides
) -> None:
    """Whatever its producer wrote on it: only what we set aside ourselves says why."""
    blocking.declare_all(broker, NAMES.house())
    subscription = broker.consume(NAMES.route, broker.requeue, prefetch=1)
    forged = Message(
        body=b"1",
        headers={"durian-reason": "forged", "durian-aside-from": NAMES.attempts},
        content_type="application/json",
        routing_key="person.new",
    )
    publish(broker, forged)
    waits_for(invalid, 1)
    blocking.wait(subscription.cancel)

    [one] = browsed(invalid, 1)
    assert "too often" in one.reason
    assert one.message.routing_key == "person.new"
    assert one.events()[0].type == "person.new"
    assert invalid.replay().count == 1
    assert blocking.count(broker, NAMES.route) == 1


def test_events_that_reached_no_queue_are_published_once_there_is_one(broker: Broker) -> None:
    unrouted = SetAsides(broker, NAMES, "unrouted")
    blocking.declare_all(broker, NAMES.house())
    for queue in (NAMES.route, NAMES.archive):
        blocking.delete(broker, queue)
    publish(broker, Message(body=b"1", content_type="application/json", routing_key="person"))
    assert "no queue" in browsed(unrouted, 1)[0].reason

    blocking.declare_all(broker, NAMES.house())
    assert unrouted.replay().count == 1

    inbox = Inbox()
    broker.consume(NAMES.route, inbox, prefetch=1)
    [received] = inbox.wait(1)
    assert received.message.routing_key == "person"
