from __future__ import annotations

import pytest

from durian.errors import PublishRejected, Unroutable
from durian.events import Event
from durian.events.amqp import encode
from durian.producers.ledger import Ledger, Outgoing, Receipt


def outgoing(name: str = "person") -> Outgoing:
    event = Event(type=name, data={"name": "Joe"})
    return Outgoing(event, encode(event))


def ledger_of(*published: Outgoing) -> Ledger:
    ledger = Ledger("broker.example")
    for number, each in enumerate(published):
        ledger.add(each, float(number))
    return ledger


def returned(ledger: Ledger, what: Outgoing) -> None:
    ledger.returned(what.message.message_id, what.message.routing_key)


def test_an_ack_settles_its_own_publish_only() -> None:
    first, second, third = (outgoing() for _ in range(3))
    ledger = ledger_of(first, second, third)
    ledger.acked(2, multiple=False)
    assert ledger.take_receipts() == [Receipt(second, None)]
    assert ledger.oldest_at == 0.0
    assert len(ledger) == 2


def test_a_multiple_ack_settles_everything_up_to_its_number() -> None:
    published = [outgoing() for _ in range(4)]
    ledger = ledger_of(*published)
    ledger.acked(2, multiple=False)
    ledger.acked(3, multiple=True)
    assert [r.outgoing for r in ledger.take_receipts()] == [published[i] for i in (1, 0, 2)]
    assert ledger.oldest_at == 3.0


@pytest.mark.parametrize("multiple", [True, False])
def test_a_nack_is_a_failure(multiple: bool) -> None:  # noqa: FBT001 - the parameter of the test
    only = outgoing()
    ledger = ledger_of(only)
    ledger.nacked(1, multiple=multiple)
    (receipt,) = ledger.take_receipts()
    assert isinstance(receipt.error, PublishRejected)
    assert only.event.id in receipt.error.message


def test_an_ack_after_a_return_is_a_failure_of_that_event_alone() -> None:
    first, second = outgoing("lost"), outgoing("found")
    ledger = ledger_of(first, second)
    returned(ledger, first)
    ledger.acked(2, multiple=True)
    lost, found = ledger.take_receipts()
    assert isinstance(lost.error, Unroutable)
    assert "type lost" in lost.error.message
    assert found.error is None


def test_the_same_event_published_twice_and_returned_twice_fails_twice() -> None:
    twice = outgoing()
    ledger = ledger_of(twice, twice)
    returned(ledger, twice)
    returned(ledger, twice)
    ledger.acked(2, multiple=True)
    assert [type(receipt.error) for receipt in ledger.take_receipts()] == [Unroutable, Unroutable]


def test_a_return_is_forgotten_once_it_was_told() -> None:
    again = outgoing()
    ledger = ledger_of(again)
    returned(ledger, again)
    ledger.acked(1, multiple=False)
    ledger.add(again, 9.0)
    ledger.acked(2, multiple=False)
    assert [receipt.error is None for receipt in ledger.take_receipts()] == [False, True]


def test_receipts_are_told_once() -> None:
    ledger = ledger_of(outgoing())
    ledger.acked(1, multiple=False)
    assert len(ledger.take_receipts()) == 1
    assert ledger.take_receipts() == []
    assert not ledger.has_receipts


def test_what_is_taken_back_is_no_longer_outstanding() -> None:
    first, second = outgoing(), outgoing()
    ledger = ledger_of(first, second)
    assert ledger.take_back() == [first, second]
    assert len(ledger) == 0
    assert ledger.take_back() == []
