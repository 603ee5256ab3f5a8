from __future__ import annotations

from durian.broker.blocking import count, declare_all, delete, publish_all
from durian.broker.port import Address, Broker
from durian.broker.topology import Topology
from tests.support.broker import CLASSIC, Inbox, plain_queue, put, text

NAMES = Topology("t")


def test_a_delayed_message_comes_back_to_its_listener_alone(broker: Broker) -> None:
    joe, bo = Inbox(), Inbox()
    parts = [*NAMES.house(), *NAMES.delay_bucket(100), *NAMES.delay_bucket(200)]
    declare_all(broker, [*parts, *NAMES.listener("joe"), *NAMES.listener("bo", "classic")])
    broker.consume(NAMES.listener_queue("joe"), joe, prefetch=10)
    broker.consume(NAMES.listener_queue("bo"), bo, prefetch=10)
    started = broker.clock.monotonic()
    message = text("1", **{"durian-attempts": "1"})
    publish_all(broker, [(message, Address(NAMES.delay(200), "joe"))])
    put(broker, Address(NAMES.delay(100), "bo"), "2")
    (first,) = joe.wait(1)
    assert broker.clock.monotonic() - started >= 0.2
    assert first.message.body == b"1"
    assert first.message.headers["durian-attempts"] == "1"
    assert (first.message.exchange, first.message.routing_key) == (NAMES.deliver, "joe")
    bo.wait(1)
    assert bo.bodies == [b"2"]
    assert joe.bodies == [b"1"]


def test_a_bucket_can_be_entered_again_and_again(broker: Broker) -> None:
    declare_all(broker, [*NAMES.house(), *NAMES.delay_bucket(100), *NAMES.listener("joe")])
    inbox = Inbox()
    broker.consume(NAMES.listener_queue("joe"), inbox, prefetch=10)
    put(broker, Address(NAMES.deliver, "joe"), "1")
    for turn in range(1, 4):
        received = inbox.wait(turn)[-1]
        publish_all(broker, [(received.message, Address(NAMES.delay(100), "joe"))])
        broker.ack(received)
    last = inbox.wait(4)[-1]
    # Nothing the broker added on the way travels on with what we publish.
    assert not last.redelivered
    assert inbox.bodies == [b"1"] * 4


def test_what_no_listener_waits_for_any_more_becomes_an_orphan(broker: Broker) -> None:
    declare_all(broker, [*NAMES.house(), *NAMES.delay_bucket(100), *NAMES.listener("joe")])
    put(broker, Address(NAMES.delay(100), "joe"), "1", "2")
    delete(broker, NAMES.listener_queue("joe"))
    orphans = Inbox()
    broker.consume(NAMES.orphans, orphans, prefetch=10)
    received = orphans.wait(2)
    assert {one.message.routing_key for one in received} == {"joe"}


def test_dead_letters_keep_their_headers_and_go_to_one_queue_only(broker: Broker) -> None:
    """Also those that arrived by BCC, whose other keys must not come to life again."""
    dead = [*NAMES.dead_letters("joe"), *NAMES.dead_letters("bo")]
    declare_all(broker, [*NAMES.house(), *NAMES.listener("bo"), *dead])
    plain_queue(
        broker,
        "joe",
        arguments={
            **CLASSIC,
            "x-message-ttl": 50,
            "x-dead-letter-exchange": NAMES.dead,
            "x-dead-letter-routing-key": "joe",
        },
    )
    message = text("1", **{"ce-id": "1"})
    publish_all(broker, [(message, Address("x", "joe", ("bo", "nobody")))])
    inbox = Inbox()
    broker.consume(NAMES.dead_queue("joe"), inbox, prefetch=10)
    (letter,) = inbox.wait(1)
    assert letter.message.headers["ce-id"] == "1"
    assert letter.message.body == b"1"
    assert count(broker, NAMES.dead_queue("bo")) == 0


def test_a_queue_that_drops_its_oldest_dead_letters_it(broker: Broker) -> None:
    declare_all(broker, [*NAMES.house(), *NAMES.dead_letters("joe")])
    to = plain_queue(
        broker,
        arguments={
            **CLASSIC,
            "x-max-length": 1,
            "x-dead-letter-exchange": NAMES.dead,
            "x-dead-letter-routing-key": "joe",
        },
    )
    put(broker, to, "1")
    put(broker, to, "2")
    inbox = Inbox()
    broker.consume(NAMES.dead_queue("joe"), inbox, prefetch=10)
    inbox.wait(1)
    assert inbox.bodies == [b"1"]
