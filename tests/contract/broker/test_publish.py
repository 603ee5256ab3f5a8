from __future__ import annotations

from typing import Any

import pytest

from durian.broker.blocking import count, declare_all, publish_all, wait
from durian.broker.parts import Binding, Exchange, Part, Queue
from durian.broker.port import Address, Broker
from durian.broker.topology import MAX_KEYS, Topology
from durian.errors import PublishRejected, QueueMissing, Unroutable
from durian.events.message import Message
from tests.support.broker import CLASSIC, Inbox, Outcome, eventually, plain_queue, put, text


def one_message(broker: Broker, queue: str) -> Message:
    inbox = Inbox()
    broker.consume(queue, inbox, prefetch=10)
    return inbox.wait(1)[0].message


def test_a_message_arrives_as_it_was_published(broker: Broker) -> None:
    to = plain_queue(broker)
    message = Message(
        body=bytes(range(256)) * 1000,
        headers={"ce-id": "1", "ce-subject": "Zoë \N{BEAR FACE}", "empty": ""},
        content_type="application/json",
        content_encoding="utf-8",
        message_id="id-1",
        type="person",
        timestamp=1_800_000_000,
        app_id="shop",
    )
    publish_all(broker, [(message, to)])
    got = one_message(broker, "q")
    assert got.body == message.body
    assert dict(got.headers) == dict(message.headers)
    assert (got.content_type, got.content_encoding) == ("application/json", "utf-8")
    assert (got.message_id, got.type, got.app_id) == ("id-1", "person", "shop")
    assert got.timestamp == 1_800_000_000
    assert (got.exchange, got.routing_key) == ("x", "q")


def test_an_empty_message_arrives(broker: Broker) -> None:
    publish_all(broker, [(Message(body=b""), plain_queue(broker))])
    got = one_message(broker, "q")
    assert got.body == b""
    assert dict(got.headers) == {}
    assert got.content_type is None


def test_only_strings_travel_and_nothing_that_routes(broker: Broker) -> None:
    to = plain_queue(broker)
    plain_queue(broker, "other")
    hostile: dict[str, Any] = {"ce-id": "1", "CC": ["other"], "BCC": ["other"], "x": 1.5, "y": None}
    publish_all(broker, [(Message(body=b"", headers=hostile), to)])
    assert dict(one_message(broker, "q").headers) == {"ce-id": "1"}
    assert count(broker, "other") == 0


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("order.created", ["order.created"]),
        ("order.*", ["order.created", "order.paid"]),
        ("*.created", ["order.created"]),
        ("order.#", ["order", "order.created", "order.paid", "order.paid.late"]),
        ("#", ["order", "order.created", "order.paid", "order.paid.late"]),
        ("#.late", ["order.paid.late"]),
    ],
)
def test_topics_have_wildcards(broker: Broker, pattern: str, wanted: list[str]) -> None:
    rest: list[Part] = [
        Exchange("rest", "fanout"),
        Queue("rest", CLASSIC),
        Binding("rest", "rest", ""),
    ]
    events = Exchange("events", "topic", {"alternate-exchange": "rest"})
    declare_all(broker, [*rest, events, Queue("q", CLASSIC), Binding("events", "q", pattern)])
    keys = ["order", "order.created", "order.paid", "order.paid.late"]
    publish_all(broker, [(text(key), Address("events", key)) for key in keys])
    inbox, others = Inbox(), Inbox()
    broker.consume("q", inbox, prefetch=10)
    broker.consume("rest", others, prefetch=10)
    inbox.wait(len(wanted))
    others.wait(len(keys) - len(wanted))
    assert inbox.bodies == [key.encode() for key in wanted]
    assert others.bodies == [key.encode() for key in keys if key not in wanted]


def test_one_publish_reaches_many_by_keys_that_nobody_sees(broker: Broker) -> None:
    names = Topology("t")
    listeners = [f"l{number}" for number in range(MAX_KEYS)]
    declare_all(broker, names.house())
    declare_all(broker, [part for one in listeners for part in names.listener(one, "classic")])
    first, *others = listeners
    publish_all(
        broker, [(text("1", **{"ce-id": "1"}), Address(names.deliver, first, tuple(others)))]
    )
    inbox = Inbox()
    for listener in listeners:
        broker.consume(names.listener_queue(listener), inbox, prefetch=10)
    received = inbox.wait(MAX_KEYS)
    assert sorted(one.queue for one in received) == sorted(map(names.listener_queue, listeners))
    assert all(dict(one.message.headers) == {"ce-id": "1"} for one in received)
    assert {one.message.routing_key for one in received} == {first}


def test_a_queue_gets_one_copy_however_many_keys_reach_it(broker: Broker) -> None:
    plain_queue(broker)
    declare_all(broker, [Binding("x", "q", "other")])
    put(broker, Address("x", "q", ("other", "q")), "1")
    assert count(broker, "q") == 1


def test_what_no_binding_wants_goes_to_the_alternate_exchange(broker: Broker) -> None:
    names = Topology("t")
    declare_all(broker, names.house())
    put(broker, Address(names.deliver, "gone"), "1")
    got = one_message(broker, names.orphans)
    assert got.routing_key == "gone"


def test_what_no_queue_takes_is_unroutable_and_nothing_else_is(broker: Broker) -> None:
    to = plain_queue(broker)
    outcomes = []
    for number in range(100):
        # The same body: what came back must not be mistaken for what did not.
        outcomes.append((good := Outcome(), bad := Outcome()))
        broker.publish(text("same", number=str(number)), to, good)
        broker.publish(text("same", number=str(number)), Address("x", "nobody"), bad)
    for good, bad in outcomes:
        assert good.wait() is None
        assert isinstance(bad.wait(), Unroutable)
    eventually(lambda: count(broker, "q") == 100)


def test_a_missing_exchange_is_told_and_disturbs_nobody(broker: Broker) -> None:
    to = plain_queue(broker)
    outcomes = []
    for number in range(50):
        outcomes.append((good := Outcome(), bad := Outcome()))
        broker.publish(text(str(number)), to, good)
        broker.publish(text(str(number)), Address("nowhere", "k"), bad)
    for good, bad in outcomes:
        assert good.wait() is None
        assert isinstance(bad.wait(), QueueMissing)
    eventually(lambda: count(broker, "q") == 50)
    declare_all(broker, [Exchange("nowhere", "direct"), Binding("nowhere", "q", "k")])
    put(broker, Address("nowhere", "k"), "now it exists")


def test_a_full_queue_that_rejects_is_told(broker: Broker) -> None:
    to = plain_queue(
        broker, arguments={**CLASSIC, "x-max-length": 1, "x-overflow": "reject-publish"}
    )
    put(broker, to, "1")
    with pytest.raises(PublishRejected):
        put(broker, to, "2")
    assert one_message(broker, "q").body == b"1"


def test_a_full_queue_that_drops_keeps_the_newest(broker: Broker) -> None:
    to = plain_queue(broker, arguments={**CLASSIC, "x-max-length": 2, "x-overflow": "drop-head"})
    put(broker, to, "1")
    put(broker, to, "2")
    put(broker, to, "3")
    inbox = Inbox()
    broker.consume("q", inbox, prefetch=10)
    inbox.wait(2)
    assert inbox.bodies == [b"2", b"3"]


def test_the_archive_keeps_what_passes(broker: Broker) -> None:
    names = Topology("t")
    declare_all(broker, names.house())
    put(broker, Address(names.events, "person"), "1")
    assert count(broker, names.route) == 1


def test_an_outcome_is_told_on_the_loop_and_never_from_inside_publish(broker: Broker) -> None:
    to = plain_queue(broker)
    early: list[bool] = []
    outcomes = [Outcome(), Outcome()]
    loops = Outcome()

    def publish() -> None:
        for outcome, address in zip(outcomes, (to, Address("x", "nobody")), strict=True):
            broker.publish(text("1"), address, outcome)
            early.append(outcome.told)
        loops(None)

    broker.call(publish)
    loops.wait()
    assert [type(outcome.wait()) for outcome in outcomes] == [type(None), Unroutable]
    assert early == [False, False]
    assert {outcome.thread for outcome in outcomes} == {loops.thread}


def test_a_mistake_in_a_callback_does_not_end_the_loop(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    to = plain_queue(broker)

    def mistaken(_: object) -> None:
        message = "a mistake"
        raise RuntimeError(message)

    broker.publish(text("1"), to, mistaken)
    broker.consume("q", mistaken, prefetch=1)
    put(broker, to, "2")
    wait(lambda done: broker.call(lambda: done(None)))
    eventually(lambda: caplog.text.count("broker.callback_failed") == 2)
