from __future__ import annotations

import threading

import pytest

from durian.broker.blocking import count, declare_all, delete, inspect, wait
from durian.broker.parts import Binding, Exchange, Part, Queue
from durian.broker.port import Address, Broker, QueueState
from durian.broker.topology import Topology
from durian.errors import QueueMissing, TopologyMismatch
from tests.support.broker import CLASSIC, Inbox, Outcome, eventually, plain_queue, put


def test_the_whole_topology_can_be_declared_twice(broker: Broker) -> None:
    names = Topology("t")
    parts = [
        *names.house(),
        *names.listener("joe"),
        *names.listener("bo", "classic", ordered=True),
        *names.dead_letters("joe"),
        *names.delay_bucket(100),
        *names.control_queue("p1"),
    ]
    declare_all(broker, parts)
    declare_all(broker, parts)
    assert count(broker, names.route) == 0
    assert count(broker, names.listener_queue("joe")) == 0


def test_parts_may_need_those_before_them(broker: Broker) -> None:
    parts = [
        part
        for name in ("a", "b", "c")
        for part in (
            Exchange(f"x.{name}", "direct"),
            Queue(name, CLASSIC),
            Binding(f"x.{name}", name, "k"),
        )
    ]
    declare_all(broker, parts)
    for name in ("a", "b", "c"):
        put(broker, Address(f"x.{name}", "k"), "1")
        assert count(broker, name) == 1


def test_nothing_to_declare_is_done(broker: Broker) -> None:
    declare_all(broker, [])


@pytest.mark.parametrize(
    "other",
    [
        Queue("q", {"x-queue-type": "classic", "x-message-ttl": 1000}),
        Queue("q", {"x-queue-type": "quorum"}),
        Exchange("x", "topic"),
        Exchange("x", "direct", {"alternate-exchange": "y"}),
    ],
)
def test_other_arguments_are_a_mismatch(broker: Broker, other: Part) -> None:
    plain_queue(broker)
    with pytest.raises(TopologyMismatch):
        declare_all(broker, [other])
    plain_queue(broker)


@pytest.mark.parametrize("binding", [Binding("nowhere", "q", "k"), Binding("x", "nobody", "k")])
def test_a_binding_needs_both_ends(broker: Broker, binding: Binding) -> None:
    plain_queue(broker)
    with pytest.raises(QueueMissing):
        declare_all(broker, [binding])


def test_errors_do_not_disturb_what_others_declare(broker: Broker) -> None:
    plain_queue(broker)
    outcomes = []
    for number in range(40):
        outcomes.append((bad := Outcome(), good := Outcome()))
        broker.declare([Exchange("x", "fanout")], bad)
        broker.declare([Queue(f"q{number}", CLASSIC)], good)
    for bad, good in outcomes:
        assert isinstance(bad.wait(), TopologyMismatch)
        assert good.wait() is None


def test_every_thread_may_declare(broker: Broker) -> None:
    outcomes = [Outcome() for _ in range(20)]

    def declare(number: int) -> None:
        broker.declare([Queue(f"q{number}", CLASSIC)], outcomes[number])

    threads = [threading.Thread(target=declare, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [outcome.wait() for outcome in outcomes] == [None] * 20


def test_a_queue_is_counted_and_deleted_with_what_it_holds(broker: Broker) -> None:
    to = plain_queue(broker)
    put(broker, to, "1", "2")
    eventually(lambda: count(broker, "q") == 2)
    delete(broker, "q")
    with pytest.raises(QueueMissing):
        count(broker, "q")
    plain_queue(
        broker, arguments={**CLASSIC, "x-message-ttl": 60_000}
    )  # other arguments: it is a new queue
    assert count(broker, "q") == 0


def test_a_queue_tells_who_consumes_it(broker: Broker) -> None:
    to = plain_queue(broker)
    put(broker, to, "1", "2", "3")
    inbox = Inbox()
    subscription = broker.consume("q", inbox, prefetch=1)
    inbox.wait(1)
    eventually(lambda: inspect(broker, "q") == QueueState(ready=2, consumers=1))
    wait(subscription.cancel)
    eventually(lambda: inspect(broker, "q").consumers == 0)


def test_deleting_what_is_not_there_is_harmless(broker: Broker) -> None:
    delete(broker, "nobody")


def test_requests_are_carried_out_in_their_order(broker: Broker) -> None:
    done = Outcome()
    for _ in range(5):
        broker.declare([Queue("q", CLASSIC)], Outcome())
        broker.delete_queue("q", Outcome())
    broker.declare([Queue("q", CLASSIC)], done)
    assert done.wait() is None
    assert count(broker, "q") == 0
