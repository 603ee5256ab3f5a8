"""What brokers write on messages that they move by themselves, and what Durian reads there."""

from __future__ import annotations

from collections.abc import Mapping

from durian.broker.blocking import declare_all
from durian.broker.parts import Argument, Binding, Exchange, Part, Queue
from durian.broker.port import Address, Broker
from durian.consumers.death import Death
from tests.support.broker import Inbox, put

QUORUM: dict[str, Argument] = {"x-queue-type": "quorum", "x-dead-letter-exchange": "grave"}


def grave(broker: Broker, arguments: Mapping[str, Argument]) -> Inbox:
    """A queue whose dead letters can be waited for."""
    parts: list[Part] = [
        Exchange("grave", "fanout"),
        Queue("grave", {"x-queue-type": "quorum"}),
        Binding("grave", "grave", ""),
        Exchange("x", "topic"),
        Queue("q", {**QUORUM, **arguments}),
        Binding("x", "q", "#"),
    ]
    declare_all(broker, parts)
    inbox = Inbox()
    broker.consume("grave", inbox, prefetch=10)
    return inbox


def test_a_message_that_came_back_too_often_says_so_and_under_which_key_it_came(
    broker: Broker,
) -> None:
    inbox = grave(broker, {"x-delivery-limit": 2, "x-dead-letter-routing-key": "other"})
    broker.consume("q", broker.requeue, prefetch=1)
    put(broker, Address("x", "person.new"), "1")
    [dead] = inbox.wait(1)
    assert Death.of(dead.message) == Death(too_often=True, routing_key="person.new")


def test_a_message_whose_time_was_over_is_another_case(broker: Broker) -> None:
    inbox = grave(broker, {"x-message-ttl": 10})
    put(broker, Address("x", "person"), "1")
    [dead] = inbox.wait(1)
    assert Death.of(dead.message) == Death(too_often=False, routing_key="person")


def test_a_message_that_was_published_has_not_died(broker: Broker) -> None:
    inbox = grave(broker, {})
    put(broker, Address("grave", ""), "1")
    [received] = inbox.wait(1)
    assert Death.of(received.message) is None
