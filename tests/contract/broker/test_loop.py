from __future__ import annotations

import socket
import threading
from functools import partial

import pytest

from durian.broker.blocking import wait
from durian.broker.port import Broker
from tests.support.broker import Outcome


def test_calls_are_made_one_at_a_time_in_their_order(broker: Broker) -> None:
    seen: list[int] = []
    threads: set[str] = set()
    done = Outcome()

    def call(number: int) -> None:
        seen.append(number)
        threads.add(threading.current_thread().name)

    for number in range(1000):
        broker.call(lambda number=number: call(number))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    broker.call(lambda: done(None))
    done.wait()
    assert seen == list(range(1000))
    assert len(threads) == 1
    assert threading.current_thread().name not in threads


def test_a_call_from_a_callback_is_made_after_it(broker: Broker) -> None:
    seen: list[str] = []
    done = Outcome()

    def outer() -> None:
        broker.call(lambda: seen.append("inner"))
        broker.call(lambda: done(None))
        seen.append("outer")

    broker.call(outer)
    done.wait()
    assert seen == ["outer", "inner"]


def test_later_calls_are_made_when_they_are_due(broker: Broker) -> None:
    seen: list[str] = []
    done = Outcome()
    started = broker.clock.monotonic()

    def second() -> None:
        seen.append("second")
        done(None)

    broker.call_later(0.05, second)
    broker.call_later(0.02, lambda: seen.append("first"))
    cancelled = broker.call_later(0.01, lambda: seen.append("never"))
    cancelled.cancel()
    done.wait()
    assert broker.clock.monotonic() - started >= 0.05
    assert seen == ["first", "second"]
    cancelled.cancel()


def test_later_calls_can_be_asked_for_from_callbacks(broker: Broker) -> None:
    done = Outcome()

    def ask() -> None:
        broker.call_later(0, lambda: done(None))

    broker.call(ask)
    assert done.wait() is None


def test_a_mistake_in_a_call_does_not_end_the_loop(broker: Broker) -> None:
    def mistaken() -> None:
        message = "a mistake"
        raise RuntimeError(message)

    broker.call(mistaken)
    broker.call_later(0, mistaken)
    wait(lambda done: broker.call(lambda: done(None)))
    done = Outcome()
    broker.call_later(0.01, lambda: done(None))
    done.wait()


def test_a_mistake_in_a_later_call_takes_no_other_of_its_turn_along(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[int] = []
    done = Outcome()

    def mistaken() -> None:
        message = "a mistake"
        raise RuntimeError(message)

    def set_out() -> None:
        """All of them are due at once."""
        for number in range(5):
            broker.call_later(0, mistaken)
            broker.call_later(0, partial(seen.append, number))
        broker.call_later(0, partial(done, None))

    broker.call(set_out)
    done.wait()
    assert seen == list(range(5))
    assert caplog.text.count("broker.callback_failed") == 5


def test_a_descriptor_is_watched_while_there_is_something_to_read(broker: Broker) -> None:
    ours, theirs = socket.socketpair()
    seen: list[bytes] = []
    threads: set[str] = set()
    arrived = threading.Semaphore(0)

    def ready() -> None:
        threads.add(threading.current_thread().name)
        seen.append(ours.recv(1))
        arrived.release()

    with ours, theirs:
        broker.watch(ours.fileno(), ready)
        theirs.send(b"abc")
        for _ in range(3):
            assert arrived.acquire(timeout=10)
        broker.call(lambda: threads.add(threading.current_thread().name))
        broker.unwatch(ours.fileno())
        broker.unwatch(ours.fileno())
        wait(lambda done: broker.call(lambda: done(None)))
        theirs.send(b"d")
        done = Outcome()
        broker.call_later(0.05, lambda: done(None))
        done.wait()
    assert seen == [b"a", b"b", b"c"]
    assert len(threads) == 1


def test_a_mistake_of_who_watches_does_not_end_the_loop(broker: Broker) -> None:
    ours, theirs = socket.socketpair()
    seen = Outcome()

    def ready() -> None:
        if ours.recv(1) == b"a":
            raise RuntimeError("our mistake")
        seen(None)

    with ours, theirs:
        broker.watch(ours.fileno(), ready)
        theirs.send(b"ab")
        seen.wait()
        broker.unwatch(ours.fileno())
        wait(lambda done: broker.call(lambda: done(None)))
