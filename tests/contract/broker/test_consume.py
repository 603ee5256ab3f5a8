from __future__ import annotations

import threading

import pytest

from durian.broker.blocking import count, declare_all, delete, wait
from durian.broker.parts import Queue
from durian.broker.port import Address, Broker, Received
from durian.broker.topology import Topology
from durian.errors import BrokerError, QueueMissing
from tests.support.broker import (
    CLASSIC,
    DEADLINE_S,
    Arguments,
    Inbox,
    Outcome,
    eventually,
    plain_queue,
    put,
)

KINDS = pytest.mark.parametrize(
    "arguments",
    [CLASSIC, {"x-queue-type": "quorum", "x-delivery-limit": 1000}],
    ids=["classic", "quorum"],
)


@KINDS
def test_at_most_prefetch_messages_are_unsettled(broker: Broker, arguments: Arguments) -> None:
    to = plain_queue(broker, arguments=arguments)
    put(broker, to, *"12345")
    inbox = Inbox()
    broker.consume("q", inbox, prefetch=2)
    first, second = inbox.wait(2)
    eventually(lambda: count(broker, "q") == 3)
    assert inbox.bodies == [b"1", b"2"]
    broker.ack(second)
    inbox.wait(3)
    eventually(lambda: count(broker, "q") == 2)
    assert inbox.bodies == [b"1", b"2", b"3"]
    assert (first.queue, first.redelivered, first.alive) == ("q", False, True)


def test_a_slow_consumer_holds_up_no_other(broker: Broker) -> None:
    slow, quick = Inbox(), Inbox()
    to_slow, to_quick = plain_queue(broker, "slow"), plain_queue(broker, "quick")
    broker.consume("slow", slow, prefetch=1)

    def take(received: Received) -> None:
        quick(received)
        broker.ack(received)

    broker.consume("quick", take, prefetch=1)
    put(broker, to_slow, "1", "2", "3")
    put(broker, to_quick, *map(str, range(50)))
    quick.wait(50)
    assert quick.bodies == [str(number).encode() for number in range(50)]
    assert slow.bodies == [b"1"]


@KINDS
def test_what_is_acked_is_gone(broker: Broker, arguments: Arguments) -> None:
    to = plain_queue(broker, arguments=arguments)
    put(broker, to, *map(str, range(30)))
    inbox = Inbox()
    subscription = broker.consume("q", inbox, prefetch=30)
    received = inbox.wait(30)
    for one in received[::2] + received[::-1]:  # out of order, and some twice
        broker.ack(one)
    wait(subscription.cancel)
    put(broker, to, "last")
    again = Inbox()
    broker.consume("q", again, prefetch=30)
    again.wait(1)
    assert again.bodies == [b"last"]


@KINDS
def test_what_is_given_back_keeps_its_place(broker: Broker, arguments: Arguments) -> None:
    to = plain_queue(broker, arguments=arguments)
    put(broker, to, *"01234")
    inbox = Inbox()
    subscription = broker.consume("q", inbox, prefetch=3)
    zero, one, two = inbox.wait(3)
    wait(subscription.cancel)
    broker.ack(one)
    broker.requeue(zero)
    broker.requeue(two)
    broker.requeue(two)  # twice is harmless
    eventually(lambda: count(broker, "q") == 4)
    again = Inbox()
    broker.consume("q", again, prefetch=10)
    received = again.wait(4)
    assert again.bodies == [b"0", b"2", b"3", b"4"]
    assert [item.redelivered for item in received] == [True, True, False, False]


def test_after_a_cancel_nothing_comes_and_the_unsettled_stay_so(broker: Broker) -> None:
    to = plain_queue(broker)
    put(broker, to, "1")
    inbox = Inbox()
    subscription = broker.consume("q", inbox, prefetch=5)
    assert subscription.queue == "q"
    (first,) = inbox.wait(1)
    wait(subscription.cancel)
    put(broker, to, "2", "3")
    eventually(lambda: count(broker, "q") == 2)
    assert inbox.bodies == [b"1"]
    assert first.alive
    broker.ack(first)
    wait(subscription.cancel)  # twice is harmless
    again = Inbox()
    broker.consume("q", again, prefetch=5)
    again.wait(2)
    assert again.bodies == [b"2", b"3"]


def test_a_subscription_can_be_cancelled_at_once(broker: Broker) -> None:
    to = plain_queue(broker)
    inbox = Inbox()
    for _ in range(20):
        wait(broker.consume("q", inbox, prefetch=1).cancel)
    seen = len(inbox.bodies)
    put(broker, to, "1")
    eventually(lambda: count(broker, "q") == 1)
    assert len(inbox.bodies) == seen


def test_a_subscription_can_be_cancelled_while_messages_come(broker: Broker) -> None:
    """Whatever was not handed out is in the queue, and nothing is lost or doubled."""
    to = plain_queue(broker)
    put(broker, to, *map(str, range(300)))
    seen: list[bytes] = []
    for _ in range(5):
        inbox = Inbox()
        subscription = broker.consume("q", inbox, prefetch=50)
        inbox.wait(1)
        wait(subscription.cancel)
        for received in inbox.wait(1):
            broker.ack(received)
        seen += inbox.bodies
    rest = Inbox()
    broker.consume("q", rest, prefetch=1000)
    rest.wait(300 - len(seen))
    assert sorted(map(int, seen + rest.bodies)) == list(range(300))


def test_what_was_handed_out_has_come_when_a_cancel_is_done(broker: Broker) -> None:
    """It would stay unsettled for ever: nobody looks for more when that is told."""
    put(broker, plain_queue(broker), "1", "2")
    inbox = Inbox()
    subscription = broker.consume("q", inbox, prefetch=1)
    (first,) = inbox.wait(1)
    came: list[bytes] = []
    cancelled = threading.Event()

    def done(_error: BrokerError | None) -> None:
        came.extend(inbox.bodies)
        cancelled.set()

    def make_room_and_cancel() -> None:
        broker.ack(first)
        subscription.cancel(done)

    broker.call(make_room_and_cancel)
    assert cancelled.wait(DEADLINE_S)
    eventually(lambda: len(came) + count(broker, "q") == 2)


def test_consumers_share_a_queue(broker: Broker) -> None:
    to = plain_queue(broker)
    inboxes = [Inbox(), Inbox()]
    for inbox in inboxes:
        broker.consume("q", inbox, prefetch=5)
    put(broker, to, *map(str, range(10)))
    for inbox in inboxes:
        inbox.wait(5)
    assert sorted(inboxes[0].bodies + inboxes[1].bodies) == [b"%d" % n for n in range(10)]


def test_an_ordered_queue_has_one_active_consumer(broker: Broker) -> None:
    """Of quorum queues only: RabbitMQ 3.10 crashes a classic one when its active consumer ends."""
    arguments: Arguments = {"x-queue-type": "quorum", "x-single-active-consumer": True}
    to = plain_queue(broker, arguments=arguments)
    first, second = Inbox(), Inbox()
    active = broker.consume("q", first, prefetch=2)
    put(broker, to, "1")
    first.wait(1)
    broker.consume("q", second, prefetch=2)
    put(broker, to, "2", "3", "4")
    received = first.wait(2)
    eventually(lambda: count(broker, "q") == 2)
    assert second.bodies == []
    wait(active.cancel)
    for one in received:  # it hands over once the first has settled everything
        broker.ack(one)
    second.wait(2)
    assert second.bodies == [b"3", b"4"]


def test_a_missing_queue_ends_the_subscription(broker: Broker) -> None:
    lost = Outcome()
    subscription = broker.consume("nobody", Inbox(), prefetch=1, on_lost=lost)
    assert isinstance(lost.wait(), QueueMissing)
    wait(subscription.cancel)


def test_a_deleted_queue_ends_the_subscription(broker: Broker) -> None:
    to = plain_queue(broker)
    other = plain_queue(broker, "other")
    lost, doomed, inbox = Outcome(), Inbox(), Inbox()
    broker.consume("other", inbox, prefetch=5)
    broker.consume("q", doomed, prefetch=1, on_lost=lost)
    put(broker, other, "1")
    inbox.wait(1)
    # Only a subscription that has begun is ended by the deletion; one to a missing queue fails.
    put(broker, to, "0")
    doomed.wait(1)
    delete(broker, "q")
    assert isinstance(lost.wait(), QueueMissing)
    put(broker, other, "2")
    assert [received.redelivered for received in inbox.wait(2)] == [False, False]


def test_what_comes_back_too_often_is_a_dead_letter(broker: Broker) -> None:
    names = Topology("t")
    declare_all(broker, [*names.house(), *names.dead_letters("joe")])
    to = plain_queue(
        broker,
        arguments={
            "x-queue-type": "quorum",
            "x-delivery-limit": 2,
            "x-dead-letter-exchange": names.dead,
            "x-dead-letter-routing-key": "joe",
        },
    )
    put(broker, to, "1")
    inbox, dead = Inbox(), Inbox()

    def give_back(received: Received) -> None:
        inbox(received)
        broker.requeue(received)

    broker.consume("q", give_back, prefetch=1)
    broker.consume(names.dead_queue("joe"), dead, prefetch=1)
    (letter,) = dead.wait(1)
    assert letter.message.body == b"1"
    assert letter.message.routing_key == "joe"
    assert [received.redelivered for received in inbox.wait(3)] == [False, True, True]


def test_a_process_has_a_queue_of_its_own(broker: Broker) -> None:
    names = Topology("t")
    declare_all(broker, [*names.house(), *names.control_queue("p1")])
    inbox = Inbox()
    broker.consume("p1", inbox, prefetch=10)
    put(broker, plain_queue(broker, "unrelated"), "0")
    put(broker, Address(names.control, ""), "changed")
    inbox.wait(1)
    assert inbox.bodies == [b"changed"]
    declare_all(broker, [Queue("p1", exclusive=True)])
