"""A broker short of memory: publishing halts, and whoever has to know is told."""

from __future__ import annotations

import pytest

from durian.broker.port import Broker
from durian.errors import BrokerUnavailable
from tests.contract.broker.conftest import House
from tests.support.broker import Inbox, Outcome, eventually, plain_queue, put, text

pytestmark = pytest.mark.alone


class Told:
    """Keeps what it is told."""

    def __init__(self, broker: Broker) -> None:
        self.changes: list[str] = []
        broker.on_blocked(
            lambda: self.changes.append("blocked"), lambda: self.changes.append("unblocked")
        )


def test_publishing_halts_and_goes_on_and_both_is_told(house: House) -> None:
    broker = house.broker
    to = plain_queue(broker)
    put(broker, to, "before")
    told = Told(broker)
    outcomes = [Outcome() for _ in range(3)]
    with house.alarm():
        for number, outcome in enumerate(outcomes):
            broker.publish(text(f"held up {number}"), to, outcome)
        eventually(lambda: told.changes == ["blocked"])
        inbox = Inbox()
        broker.consume("q", inbox, prefetch=10)
        broker.ack(inbox.wait(1)[0])
        assert inbox.bodies == [b"before"]
        assert not any(outcome.told for outcome in outcomes)
    assert [outcome.wait() for outcome in outcomes] == [None] * 3
    inbox.wait(4)
    assert inbox.bodies == [b"before", b"held up 0", b"held up 1", b"held up 2"]
    eventually(lambda: told.changes == ["blocked", "unblocked"])


def test_what_waits_is_left_to_its_cause_when_that_comes_again(house: House) -> None:
    broker = house.broker
    to, target = plain_queue(broker), plain_queue(broker, "target")
    put(broker, to, "1")
    inbox, outcome, told = Inbox(), Outcome(), Told(broker)
    broker.consume("q", inbox, prefetch=1)
    cause = inbox.wait(1)[0]
    with house.alarm():
        broker.publish(text("caused"), target, outcome, cause=cause)
        eventually(lambda: told.changes == ["blocked"])
        house.lose()
        inbox.wait(2)
    assert isinstance(outcome.wait(), BrokerUnavailable)


def test_a_mistake_of_one_who_is_told_keeps_it_from_nobody(house: House) -> None:
    broker = house.broker
    to = plain_queue(broker)

    def mistaken() -> None:
        message = "a mistake"
        raise RuntimeError(message)

    broker.on_blocked(mistaken, mistaken)
    told = Told(broker)
    with house.alarm():
        broker.publish(text("1"), to, Outcome())
        eventually(lambda: told.changes == ["blocked"])
    eventually(lambda: told.changes == ["blocked", "unblocked"])
