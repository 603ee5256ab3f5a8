"""Orphans on each broker: whose they are, sent again once there is a listener, and never lost."""

from __future__ import annotations

import threading
from collections.abc import Collection

import pytest

from durian.broker import blocking
from durian.broker.port import Address, Broker
from durian.consumers.delivery import Delivery
from durian.consumers.orphans import Find, Orphan, Orphans
from durian.errors import ListenerUnknown
from durian.events import Event, amqp
from durian.registry import Listener
from tests.support.archive import NAMES, sent_to
from tests.support.broker import eventually
from tests.support.registry import listener

#: Orphans of each listener: more than are under way at once.
COUNT = 100


def knowing(*ids: str) -> Find:
    """A registry of a few listeners."""

    def find(listener_id: str) -> Listener:
        if listener_id not in ids:
            raise ListenerUnknown(listener_id)
        return listener(listener_id)

    return find


@pytest.fixture
def orphans(broker: Broker) -> Orphans:
    """Orphans of joe and bo in turn; all had been tried once."""
    blocking.declare_all(broker, NAMES.house())
    messages = []
    for number in range(COUNT):
        event = amqp.encode(Event(id=f"e{number}", source="/s", type="person", data=number))
        for name in ("joe", "bo"):
            tried = Delivery.of(name, event).tried("status 500", 1_800_000_000)
            messages.append((tried, Address(NAMES.deliver, name)))
    blocking.publish_all(broker, messages)
    return Orphans(broker, NAMES)


def ids(broker: Broker, name: str) -> list[str]:
    return [delivery.event_id for delivery in sent_to(broker, name)]


def browsed(orphans: Orphans, count: int, limit: int) -> list[Orphan]:
    """Look at the oldest of so many; what was looked at before may still be on its way back."""
    counts(orphans, count)
    found = orphans.browse(limit)
    counts(orphans, count)
    return found


def counts(orphans: Orphans, count: int) -> None:
    eventually(lambda: orphans.count() == count)


def test_looking_at_them_leaves_them(orphans: Orphans) -> None:
    first, second, third = browsed(orphans, 2 * COUNT, 3)
    assert (first.listener_id, second.listener_id) == ("joe", "bo")
    assert (first.event_id, third.event_id) == ("e0", "e1")
    assert (first.event_type, first.attempts, first.error) == ("person", 1, "status 500")
    assert first.event_time
    assert first.webhook_id != second.webhook_id
    assert browsed(orphans, 2 * COUNT, 3) == [first, second, third]


def test_those_whose_listener_is_there_are_sent_and_the_others_stay(
    orphans: Orphans, broker: Broker
) -> None:
    report = orphans.replay(knowing("joe"))
    assert (report.count, dict(report.kept)) == (COUNT, {"bo": COUNT})
    sent = sent_to(broker, "joe")
    assert [delivery.event_id for delivery in sent] == [f"e{n}" for n in range(COUNT)]
    assert all(delivery.fresh for delivery in sent)
    left = browsed(orphans, COUNT, COUNT)
    assert {one.listener_id for one in left} == {"bo"}
    assert sorted(one.event_id for one in left) == sorted(f"e{n}" for n in range(COUNT))

    assert orphans.replay(knowing("bo")).count == COUNT
    assert sorted(ids(broker, "bo")) == sorted(f"e{n}" for n in range(COUNT))


def test_one_listener_or_one_orphan_can_be_meant(orphans: Orphans, broker: Broker) -> None:
    wanted = browsed(orphans, 2 * COUNT, 3)[2]
    everyone = knowing("joe", "bo")
    named: Collection[str] = {wanted.webhook_id, "msg_unknown"}
    report = orphans.replay(everyone, listener_id="joe", webhook_ids=named)
    assert (report.count, report.missing) == (1, ["msg_unknown"])
    assert ids(broker, "joe") == [wanted.event_id]

    counts(orphans, 2 * COUNT - 1)
    assert orphans.replay(everyone, listener_id="bo").count == COUNT
    counts(orphans, COUNT - 1)
    assert orphans.purge(listener_id="zoe").count == 0
    counts(orphans, COUNT - 1)
    assert orphans.purge(listener_id="joe", webhook_ids={wanted.webhook_id}).missing
    counts(orphans, COUNT - 1)
    assert orphans.purge().count == COUNT - 1
    counts(orphans, 0)


def test_two_at_a_time_send_each_once(orphans: Orphans, broker: Broker) -> None:
    everyone = knowing("joe", "bo")
    both = [threading.Thread(target=orphans.replay, args=(everyone,)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    counts(orphans, 0)
    for name in ("joe", "bo"):
        assert sorted(ids(broker, name)) == sorted(f"e{n}" for n in range(COUNT))
