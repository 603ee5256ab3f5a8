"""The embedded broker under a fake clock: no thread, and time goes only where it is moved."""

from __future__ import annotations

import threading

import pytest

from durian.broker.blocking import count, declare_all, publish_all
from durian.broker.clock import FakeClock
from durian.broker.memory import MemoryBroker
from durian.broker.parts import Binding, Exchange, Queue
from durian.broker.port import Address, Received
from durian.broker.topology import Topology
from durian.errors import BrokerRefused, QueueMissing
from durian.events.message import Message
from tests.support.broker import Arguments, Inbox, Outcome, text

NAMES = Topology("t")
JOE = NAMES.listener_queue("joe")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def broker(clock: FakeClock) -> MemoryBroker:
    broker = MemoryBroker(clock)
    broker.start()
    declare_all(broker, [*NAMES.house(), *NAMES.listener("joe")])
    return broker


def test_nothing_happens_elsewhere(broker: MemoryBroker) -> None:
    outcome = Outcome()
    broker.publish(text("1"), Address(NAMES.deliver, "joe"), outcome)
    assert outcome.thread == threading.current_thread().name
    assert broker.ready(JOE) == 1
    assert [message.body for message in broker.messages(JOE)] == [b"1"]


def test_messages_are_handed_out_when_it_runs(broker: MemoryBroker) -> None:
    inbox = Inbox()
    broker.consume(JOE, inbox, prefetch=1)
    assert inbox.bodies == []
    publish_all(broker, [(text("1"), Address(NAMES.deliver, "joe"))] * 2)
    assert inbox.bodies == [b"1"]
    assert (broker.ready(JOE), broker.unsettled(JOE)) == (1, 1)
    broker.ack(inbox.wait(1)[0])
    broker.run()
    assert inbox.bodies == [b"1", b"1"]
    assert (broker.ready(JOE), broker.unsettled(JOE)) == (0, 1)


def test_delays_end_in_their_order_and_at_their_time(
    broker: MemoryBroker, clock: FakeClock
) -> None:
    seen: list[tuple[bytes, float]] = []
    started = clock.monotonic()

    def see(received: Received) -> None:
        seen.append((received.message.body, round(clock.monotonic() - started, 6)))
        broker.ack(received)

    broker.consume(JOE, see, prefetch=10)
    for bucket_ms in (400, 100, 200):
        declare_all(broker, NAMES.delay_bucket(bucket_ms))
        body = str(bucket_ms).encode()
        publish_all(broker, [(Message(body=body), Address(NAMES.delay(bucket_ms), "joe"))])
    broker.advance(0.099)
    assert seen == []
    broker.advance(10)
    assert seen == [(b"100", 0.1), (b"200", 0.2), (b"400", 0.4)]
    assert clock.monotonic() - started == pytest.approx(10.099)


def test_timers_and_what_they_cause_happen_on_the_way(
    broker: MemoryBroker, clock: FakeClock
) -> None:
    seen: list[tuple[str, float]] = []
    started = clock.monotonic()

    def first() -> None:
        seen.append(("first", clock.monotonic() - started))
        broker.call_later(1, lambda: seen.append(("caused", clock.monotonic() - started)))

    broker.call_later(3, lambda: seen.append(("last", clock.monotonic() - started)))
    broker.call_later(1, first)
    broker.call_later(2, lambda: seen.append(("never", 0))).cancel()
    broker.advance(5)
    assert seen == [("first", 1), ("caused", 2), ("last", 3)]


def test_a_clock_that_was_moved_by_hand_is_caught_up_with(
    broker: MemoryBroker, clock: FakeClock
) -> None:
    seen: list[str] = []
    broker.call_later(5, lambda: seen.append("due"))
    clock.advance(60)
    assert seen == []
    broker.run()
    assert seen == ["due"]


def test_what_a_lost_connection_does_can_be_played(broker: MemoryBroker) -> None:
    inbox = Inbox()
    broker.consume(JOE, inbox, prefetch=5)
    publish_all(broker, [(text("1"), Address(NAMES.deliver, "joe"))])
    broker.lose()
    before, after = inbox.wait(2)
    assert (before.alive, after.alive, after.redelivered) == (False, True, True)
    broker.ack(before)
    broker.run()
    assert broker.unsettled(JOE) == 1


def test_a_stopped_broker_keeps_its_queues_but_not_those_of_a_process(
    broker: MemoryBroker,
) -> None:
    declare_all(broker, NAMES.control_queue("p1"))
    inbox = Inbox()
    broker.consume(JOE, inbox, prefetch=5)
    publish_all(broker, [(text("1"), Address(NAMES.deliver, "joe"))])
    broker.stop()
    assert broker.ready(JOE) == 1
    with pytest.raises(QueueMissing):
        broker.ready("p1")
    broker.start()
    publish_all(broker, [(text("2"), Address(NAMES.deliver, "joe"))])
    assert inbox.bodies == [b"1"]  # nobody consumes any more
    assert count(broker, JOE) == 2


def test_delays_go_on_after_a_restart(broker: MemoryBroker) -> None:
    declare_all(broker, NAMES.delay_bucket(100))
    publish_all(broker, [(text("1"), Address(NAMES.delay(100), "joe"))])
    broker.stop()
    broker.start()
    broker.advance(0.1)
    assert broker.ready(JOE) == 1


def test_a_stream_is_bounded_and_not_consumed_away(broker: MemoryBroker) -> None:
    arguments: Arguments = {"x-queue-type": "stream", "x-max-length-bytes": 4000}
    declare_all(broker, [Exchange("x", "fanout"), Queue("s", arguments), Binding("x", "s", "")])
    bodies = [b"%d" % number + b"." * 299 for number in range(5)]  # 1 KiB more each is counted
    publish_all(broker, [(Message(body=body), Address("x", "")) for body in bodies])
    assert [message.body for message in broker.messages("s")] == bodies[2:]
    lost = Outcome()
    broker.consume("s", Inbox(), prefetch=1, on_lost=lost)
    broker.run()
    assert isinstance(lost.wait(), BrokerRefused)


def test_alternate_exchanges_in_a_circle_end(broker: MemoryBroker) -> None:
    circle = [
        Exchange("a", "direct", {"alternate-exchange": "b"}),
        Exchange("b", "direct", {"alternate-exchange": "a"}),
    ]
    declare_all(broker, circle)
    outcome = Outcome()
    broker.publish(text("1"), Address("a", "k"), outcome)
    assert outcome.wait() is not None


def test_a_mistake_in_a_callback_is_the_tests_to_see(broker: MemoryBroker) -> None:
    def mistaken() -> None:
        message = "a mistake"
        raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="a mistake"):
        broker.call(mistaken)
    broker.call(lambda: None)
