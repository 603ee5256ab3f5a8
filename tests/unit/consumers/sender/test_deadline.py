"""A deadline shuts the socket it watches, once it has passed and not before."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from durian.consumers.sender.deadline import CURRENT, Deadline, Watchdog

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    watchdog = Watchdog(lambda: None, 60)
    yield watchdog
    watchdog.stop()


def test_a_blocked_read_ends_when_the_deadline_passes(watchdog: Watchdog, pair: Pair) -> None:
    deadline = Deadline(time.monotonic(), 0.05, 0.05)
    with watchdog.watching(deadline):
        deadline.watch(pair[0])
        assert pair[0].recv(1) == b""
    assert deadline.passed
    assert not deadline.end()


def test_a_socket_that_comes_late_is_shut_at_once(pair: Pair) -> None:
    deadline = Deadline(time.monotonic(), 0, 0)
    deadline.expire()
    deadline.watch(pair[0])
    assert pair[0].recv(1) == b""


def test_an_ended_attempt_s_socket_is_left_alone(pair: Pair) -> None:
    deadline = Deadline(time.monotonic(), 60, 60)
    deadline.watch(pair[0])
    assert deadline.end()
    deadline.expire()
    pair[0].sendall(b"x")
    assert pair[1].recv(1) == b"x"
    assert not deadline.passed


def test_an_attempt_is_late_by_the_clock_even_if_nobody_shut_it() -> None:
    deadline = Deadline(time.monotonic() - 10, 5, 5)
    assert not deadline.end()


def test_connecting_takes_at_most_the_whole_time() -> None:
    deadline = Deadline(100.0, 5, 60)
    assert (deadline.connect_by, deadline.end_by) == (105.0, 105.0)
    assert deadline.remaining_s() == deadline.connect_remaining_s() == 0.001


def test_the_current_deadline_is_that_of_the_thread(watchdog: Watchdog) -> None:
    deadline = Deadline(time.monotonic(), 60, 60)
    seen: list[Deadline | None] = []
    with watchdog.watching(deadline):
        assert CURRENT.get() is deadline
        thread = threading.Thread(target=lambda: seen.append(CURRENT.get(None)))
        thread.start()
        thread.join()
    assert seen == [None]
    assert CURRENT.get(None) is None


def test_a_nearer_deadline_is_not_kept_waiting_by_a_farther_one(
    watchdog: Watchdog, pair: Pair
) -> None:
    far, near = (Deadline(time.monotonic(), after_s, 60) for after_s in (60, 0.05))
    with watchdog.watching(far), watchdog.watching(near):
        near.watch(pair[0])
        assert pair[0].recv(1) == b""
    assert not far.passed


def test_ended_attempts_do_not_pile_up(watchdog: Watchdog) -> None:
    for _ in range(1000):
        deadline = Deadline(time.monotonic(), 60, 60)
        with watchdog.watching(deadline):
            deadline.end()
    assert len(watchdog._heap) <= 66


def test_the_chore_is_done_again_and_again() -> None:
    done = threading.Semaphore(0)
    watchdog = Watchdog(done.release, 0.001)
    with watchdog.watching(Deadline(time.monotonic(), 60, 60)):
        for _ in range(3):
            assert done.acquire(timeout=10)
    watchdog.stop()


def test_stopping_ends_the_thread_and_watching_goes_on_without() -> None:
    before = threading.active_count()
    watchdog = Watchdog(lambda: None, 60)
    with watchdog.watching(Deadline(time.monotonic(), 60, 60)):
        assert threading.active_count() == before + 1
        watchdog.stop()
        watchdog.stop()
    assert threading.active_count() == before
    with watchdog.watching(Deadline(time.monotonic(), 60, 60)):
        assert threading.active_count() == before


def test_a_chore_that_fails_does_not_end_the_watch(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    failed = threading.Event()

    def chore() -> None:
        failed.set()
        raise OSError("it cannot be closed")

    watchdog = Watchdog(chore, 0.01)
    with watchdog.watching(Deadline(time.monotonic(), 60, 60)):
        assert failed.wait(10)
    deadline = Deadline(time.monotonic(), 0.05, 0.05)
    with watchdog.watching(deadline):
        deadline.watch(pair[0])
        pair[0].settimeout(10)
        assert pair[0].recv(1) == b""
    watchdog.stop()
    assert "sender.chore_failed" in caplog.text


def test_a_watch_that_could_not_begin_begins_with_the_next_attempt(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    watchdog = Watchdog(lambda: None, 60)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with (
            pytest.raises(RuntimeError),
            watchdog.watching(Deadline(time.monotonic(), 60, 60)),
        ):
            pass
    deadline = Deadline(time.monotonic(), 0.05, 0.05)
    with watchdog.watching(deadline):
        deadline.watch(pair[0])
        pair[0].settimeout(10)
        assert pair[0].recv(1) == b""
    watchdog.stop()
