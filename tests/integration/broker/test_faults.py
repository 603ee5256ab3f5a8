"""Faults of the broker and of the network: nothing is lost, and everything goes on by itself."""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest

from durian.broker.blocking import count, declare_all, publish_all
from durian.broker.port import Address, Received
from durian.broker.rabbit import RabbitBroker, session
from durian.broker.topology import Topology
from tests.support.broker import Inbox, Outcome, eventually, plain_queue, put, text
from tests.support.proxy import Proxy
from tests.support.rabbitmq import PrivateNode

pytestmark = pytest.mark.rabbitmq

NAMES = Topology("t")

#: Seconds a killed node takes to be back, and to resume at-least-once dead-lettering.
RECOVERY_S = 60.0


class Seen:
    """A consumer that acks everything, and counts how often each body came."""

    def __init__(self, broker: RabbitBroker, queue: str) -> None:
        self._broker = broker
        self.bodies: Counter[bytes] = Counter()
        self.lost = Outcome()
        broker.consume(queue, self._take, prefetch=100, on_lost=self.lost)

    def _take(self, received: Received) -> None:
        self.bodies[received.message.body] += 1
        self._broker.ack(received)


def test_a_killed_broker_loses_nothing_and_everybody_resumes(
    broker: RabbitBroker, mortal_rabbitmq: PrivateNode
) -> None:
    parts = [*NAMES.house(), *NAMES.delay_bucket(400), *NAMES.control_queue("p1")]
    declare_all(broker, [*parts, *NAMES.listener("joe"), *NAMES.listener("bo", "classic")])
    both = Address(NAMES.deliver, "joe", ("bo",))
    late = Address(NAMES.delay(400), "joe")
    publish_all(broker, [(text(f"before {number}"), both) for number in range(300)])
    publish_all(broker, [(text(f"late {number}"), late) for number in range(100)])
    control = Seen(broker, "p1")
    for queue in (NAMES.route, NAMES.listener_queue("joe"), NAMES.delay(400)):
        eventually(lambda queue=queue: mortal_rabbitmq.remembers(queue))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    mortal_rabbitmq.kill()
    outcomes = [Outcome() for _ in range(50)]
    for number, outcome in enumerate(outcomes):
        broker.publish(text(f"during {number}"), both, outcome)
    joe = Seen(broker, NAMES.listener_queue("joe"))
    bo = Seen(broker, NAMES.listener_queue("bo"))
    mortal_rabbitmq.start()
    assert {outcome.wait(RECOVERY_S) for outcome in outcomes} == {None}
    before = {b"before %d" % number for number in range(300)}
    during = {b"during %d" % number for number in range(50)}
    lates = {b"late %d" % number for number in range(100)}
    eventually(lambda: before | during <= set(bo.bodies), RECOVERY_S)
    eventually(lambda: before | during | lates <= set(joe.bodies), RECOVERY_S)
    put(broker, Address(NAMES.control, ""), "changed")
    eventually(lambda: control.bodies[b"changed"] == 1)
    assert [one.lost.told for one in (control, joe, bo)] == [False] * 3


def test_closed_connections_in_the_middle_of_publishing_lose_nothing(
    broker: RabbitBroker, mortal_rabbitmq: PrivateNode
) -> None:
    total = 5000
    to = plain_queue(broker, "q", {"x-queue-type": "quorum", "x-delivery-limit": 1000})
    seen = Seen(broker, "q")
    all_told = threading.Event()
    errors: list[object] = []
    told = 0

    def done(error: object) -> None:
        nonlocal told
        told += 1
        if error is not None:
            errors.append(error)
        if told == total:
            all_told.set()

    def close() -> None:
        mortal_rabbitmq.ctl("close_all_connections", "a test")

    closing = threading.Thread(target=close)
    closing.start()
    pause = threading.Event()
    for number in range(total):
        broker.publish(text(str(number)), to, done)
        if number % 50 == 0:
            pause.wait(0.01)  # so that publishing lasts as long as closing takes
    closing.join()
    assert all_told.wait(RECOVERY_S), f"{told} of {total}"
    assert errors == []
    eventually(lambda: len(seen.bodies) == total)
    eventually(lambda: count(broker, "q") == 0)


def test_a_memory_alarm_holds_publishing_up_and_nothing_else(
    broker: RabbitBroker, mortal_rabbitmq: PrivateNode, caplog: pytest.LogCaptureFixture
) -> None:
    to = plain_queue(broker)
    put(broker, to, *map(str, range(100)))
    outcomes = [Outcome() for _ in range(200)]
    with mortal_rabbitmq.alarm():
        for number, outcome in enumerate(outcomes):
            broker.publish(text(f"held up {number}"), to, outcome)
        eventually(lambda: "broker.blocked" in caplog.text)
        seen = Seen(broker, "q")
        eventually(lambda: len(seen.bodies) == 100)
        assert not any(outcome.told for outcome in outcomes)
    assert {outcome.wait() for outcome in outcomes} == {None}
    eventually(lambda: len(seen.bodies) == 300)
    assert max(seen.bodies.values()) == 1


def test_stopping_does_not_wait_for_the_end_of_an_alarm(
    amqp_url: str, mortal_rabbitmq: PrivateNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "DRAIN_S", 0.3)
    broker = RabbitBroker(amqp_url)
    broker.start()
    to = plain_queue(broker)
    with mortal_rabbitmq.alarm():
        outcome = Outcome()
        broker.publish(text("1"), to, outcome)
        started = time.monotonic()
        broker.stop()
        assert time.monotonic() - started < 30
        assert not outcome.told


def test_a_reset_network_is_survived_again_and_again(amqp_url: str) -> None:
    with Proxy(amqp_url) as proxy:
        broker = RabbitBroker(proxy.url)
        broker.start()
        to = plain_queue(broker)
        seen = Seen(broker, "q")
        outcomes = []
        for number in range(500):
            outcomes.append(Outcome())
            broker.publish(text(str(number)), to, outcomes[-1])
            if number % 100 == 50:
                proxy.reset()
        assert {outcome.wait() for outcome in outcomes} == {None}
        eventually(lambda: len(seen.bodies) == 500)
        broker.stop()


def test_what_was_caused_by_a_lost_message_is_left_to_its_next_turn(amqp_url: str) -> None:
    """The router's shape: consume, publish with a cause, ack after the confirm."""
    total = 1000
    with Proxy(amqp_url) as proxy:
        broker = RabbitBroker(proxy.url)
        broker.start()
        to, target = plain_queue(broker), plain_queue(broker, "target")
        put(broker, to, *map(str, range(total)))
        seen = Seen(broker, "target")
        errors: Counter[str] = Counter()

        def route(received: Received) -> None:
            def done(error: object) -> None:
                if error is None:
                    broker.ack(received)
                else:
                    errors[type(error).__name__] += 1
                    assert not received.alive

            broker.publish(received.message, target, done, cause=received)

        broker.consume("q", route, prefetch=50)
        for share in (0.2, 0.5):
            eventually(lambda share=share: len(seen.bodies) > total * share)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            proxy.reset()
        eventually(lambda: len(seen.bodies) == total)
        eventually(lambda: count(broker, "q") == 0)
        assert set(errors) <= {"BrokerUnavailable"}
        broker.stop()


def test_a_channel_closed_by_the_broker_is_opened_again(
    broker: RabbitBroker, caplog: pytest.LogCaptureFixture
) -> None:
    """As when an ack took longer than RabbitMQ's consumer_timeout."""
    to = plain_queue(broker)
    inbox = Inbox()
    broker.consume("q", inbox, prefetch=5)
    put(broker, to, "1")
    (first,) = inbox.wait(1)
    broker.call(lambda: first.channel._channel.basic_ack(999))  # type: ignore[attr-defined]  # the adapter's own
    again = inbox.wait(2)[1]
    assert (first.alive, again.alive, again.redelivered) == (False, True, True)
    assert "broker.channel_closed" in caplog.text
    broker.ack(again)


def test_a_crash_of_the_loop_is_survived(
    broker: RabbitBroker, caplog: pytest.LogCaptureFixture
) -> None:
    to = plain_queue(broker)
    seen = Seen(broker, "q")
    put(broker, to, "1")

    def crash() -> None:
        message = "a mistake in pika"
        raise RuntimeError(message)

    broker._loop.pika.add_callback_threadsafe(crash)
    eventually(lambda: "broker.loop_failed" in caplog.text)
    put(broker, to, "2")
    eventually(lambda: set(seen.bodies) == {b"1", b"2"})
    caplog.clear()  # this one traceback is wanted


def test_a_timer_of_pika_s_that_fails_takes_no_other_with_it(
    broker: RabbitBroker, caplog: pytest.LogCaptureFixture
) -> None:
    """All that are due are taken from its list before the first of them is called."""
    to = plain_queue(broker)
    before, after, late = Outcome(), Outcome(), Outcome()

    def crash() -> None:
        message = "a mistake in pika"
        raise RuntimeError(message)

    def set_out() -> None:
        broker.call_later(0, lambda: before(None))
        broker._loop.pika.call_later(0, crash)
        broker.call_later(0, lambda: after(None))
        broker.call_later(0.05, lambda: late(None))

    broker.call(set_out)
    assert [one.wait() for one in (before, after, late)] == [None] * 3
    put(broker, to, "1")  # over connections that were made anew
    assert caplog.text.count("broker.loop_failed") == 1
    assert "broker.lost" in caplog.text
    caplog.clear()  # this one traceback is wanted


def test_without_a_connection_to_publish_on_publishing_is_blocked(broker: RabbitBroker) -> None:
    """Although the other one goes on handing out messages."""
    to = plain_queue(broker)
    told: list[str] = []
    broker.on_blocked(lambda: told.append("blocked"), lambda: told.append("unblocked"))
    broker.call(broker._session._publish.drop)
    eventually(lambda: told == ["blocked", "unblocked"])
    put(broker, to, "1")
