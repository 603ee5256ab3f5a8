"""What happens when the connection is cut: nothing is lost, and nobody has to do anything."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING

from durian.broker.blocking import count, declare_all, wait
from durian.broker.port import Address, QueueState, Received
from durian.broker.topology import Topology
from durian.errors import BrokerError, BrokerUnavailable
from tests.support.broker import Inbox, Outcome, eventually, plain_queue, put, text

if TYPE_CHECKING:
    from tests.contract.broker.conftest import House


def test_what_was_unsettled_is_handed_out_again(house: House) -> None:
    broker = house.broker
    to = plain_queue(broker)
    put(broker, to, "1", "2")
    inbox = Inbox()
    broker.consume("q", inbox, prefetch=5)
    before = inbox.wait(2)
    house.lose()
    after = inbox.wait(4)[2:]
    assert [one.alive for one in before] == [False, False]
    assert [one.alive for one in after] == [True, True]
    assert [one.redelivered for one in after] == [True, True]
    assert [one.message.body for one in after] == [b"1", b"2"]
    for one in before:
        broker.ack(one)  # no-ops: their tags mean other messages by now
        broker.requeue(one)
    for one in after:
        broker.ack(one)
    put(broker, to, *map(str, range(5)))
    assert [one.redelivered for one in inbox.wait(9)[4:]] == [False] * 5


def test_publishing_and_consuming_go_on_through_losses(house: House) -> None:
    broker = house.broker
    to = plain_queue(broker)
    seen: set[bytes] = set()
    complete = threading.Event()
    total = 600

    def take(received: Received) -> None:
        seen.add(received.message.body)
        broker.ack(received)
        if len(seen) == total:
            complete.set()

    broker.consume("q", take, prefetch=20)
    outcomes = []
    for number in range(total):
        outcomes.append(Outcome())
        broker.publish(text(str(number)), to, outcomes[-1])
        if number % 200 == 100:
            house.lose()
    assert {outcome.wait() for outcome in outcomes} == {None}
    assert complete.wait(20), f"{len(seen)} of {total}"
    eventually(lambda: count(broker, "q") == 0)


def test_what_a_dead_message_caused_is_not_published(house: House) -> None:
    broker = house.broker
    to = plain_queue(broker)
    target = plain_queue(broker, "target")
    put(broker, to, "1")
    inbox = Inbox()
    broker.consume("q", inbox, prefetch=1)
    (cause,) = inbox.wait(1)
    house.lose()
    inbox.wait(2)
    outcome = Outcome()
    broker.publish(text("1"), target, outcome, cause=cause)
    assert isinstance(outcome.wait(), BrokerUnavailable)
    assert count(broker, "target") == 0


def test_a_process_gets_its_own_queue_back(house: House) -> None:
    broker = house.broker
    names = Topology("t")
    declare_all(broker, [*names.house(), *names.control_queue("p1")])
    inbox = Inbox()
    lost = Outcome()
    broker.consume("p1", inbox, prefetch=10, on_lost=lost)
    house.lose()
    # What is said while the queue is away is lost: that is what exclusive means.
    pause = threading.Event()
    for number in itertools.count():
        broker.publish(text(str(number)), Address(names.control, ""), Outcome())
        if inbox.bodies or number > 2000:
            break
        pause.wait(0.01)
    inbox.wait(1)
    assert not lost.told


def test_declaring_and_cancelling_are_done_through_a_loss(house: House) -> None:
    broker = house.broker
    plain_queue(broker)
    subscription = broker.consume("q", Inbox(), prefetch=1)
    house.lose()
    wait(subscription.cancel)
    outcomes = [Outcome() for _ in range(10)]
    names = Topology("t")
    for number, outcome in enumerate(outcomes):
        broker.declare(names.listener(f"l{number}", "classic")[:1], outcome)
        if number == 5:
            house.lose()
    assert [outcome.wait() for outcome in outcomes] == [None] * 10
    answers: list[QueueState | BrokerError] = []
    broker.inspect(names.listener_queue("l9"), answers.append)
    eventually(lambda: answers == [QueueState(ready=0, consumers=0)])


def test_stopping_gives_back_what_is_unsettled(house: House) -> None:
    broker = house.broker
    to = plain_queue(broker)
    put(broker, to, "1", "2")
    inbox = Inbox()
    broker.consume("q", inbox, prefetch=5)
    first, second = inbox.wait(2)
    broker.ack(first)
    again = Inbox()
    restarted = house.restart()
    broker.stop() if restarted is not broker else None
    assert not second.alive
    restarted.consume("q", again, prefetch=5)
    assert [one.redelivered for one in again.wait(1)] == [True]
    assert again.bodies == [b"2"]


def test_stopping_twice_is_harmless(house: House) -> None:
    house.broker.stop()
    house.broker.stop()
