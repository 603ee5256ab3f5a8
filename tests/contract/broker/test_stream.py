"""Reading a stream: from an offset or a time, again and again, and on after a loss."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from durian.broker.blocking import declare_all, wait
from durian.broker.parts import Binding, Exchange, Queue
from durian.broker.port import STREAM_OFFSET_HEADER, Address, Broker, Received
from tests.contract.broker.conftest import House
from tests.support.broker import Arguments, Inbox, put

TO = Address("x", "")


@pytest.fixture
def stream(broker: Broker) -> Broker:
    """A broker with a stream of five messages."""
    arguments: Arguments = {"x-queue-type": "stream", "x-max-length-bytes": 1_000_000}
    declare_all(broker, [Exchange("x", "fanout"), Queue("s", arguments), Binding("x", "s", "")])
    put(broker, TO, *"abcde")
    return broker


def offset(received: Received) -> int:
    found = received.message.headers[STREAM_OFFSET_HEADER]
    assert isinstance(found, int)
    return found


def test_it_is_read_from_its_beginning_as_often_as_one_likes(stream: Broker) -> None:
    for _ in range(2):
        inbox = Inbox()
        reading = stream.consume("s", inbox, prefetch=10, start=0)
        received = inbox.wait(5)
        assert inbox.bodies == [b"a", b"b", b"c", b"d", b"e"]
        offsets = [offset(one) for one in received]
        assert offsets == sorted(set(offsets))
        wait(reading.cancel)


def test_it_is_read_from_an_offset_on(stream: Broker) -> None:
    inbox = Inbox()
    stream.consume("s", inbox, prefetch=10, start=0)
    third = offset(inbox.wait(5)[2])
    later = Inbox()
    stream.consume("s", later, prefetch=10, start=third)
    later.wait(3)
    assert later.bodies == [b"c", b"d", b"e"]


def test_it_is_read_from_a_time_on(stream: Broker) -> None:
    inbox = Inbox()
    stream.consume("s", inbox, prefetch=10, start=datetime.now(UTC) - timedelta(hours=1))
    inbox.wait(5)
    assert inbox.bodies == [b"a", b"b", b"c", b"d", b"e"]


def test_acks_make_room_and_what_comes_later_is_read_too(stream: Broker) -> None:
    inbox = Inbox()

    def take(received: Received) -> None:
        inbox(received)
        stream.ack(received)

    stream.consume("s", take, prefetch=2, start=0)
    inbox.wait(5)
    put(stream, TO, "f")
    inbox.wait(6)
    assert inbox.bodies == [b"a", b"b", b"c", b"d", b"e", b"f"]


def test_after_a_loss_it_goes_on_behind_the_last_one(house: House, stream: Broker) -> None:
    inbox = Inbox()

    def take(received: Received) -> None:
        inbox(received)
        stream.ack(received)

    stream.consume("s", take, prefetch=10, start=0)
    inbox.wait(5)
    house.lose()
    put(stream, TO, "f")
    inbox.wait(6)
    assert inbox.bodies == [b"a", b"b", b"c", b"d", b"e", b"f"]
