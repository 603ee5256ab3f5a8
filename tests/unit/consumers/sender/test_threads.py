"""Threads make a sender that blocks one that does not, and every attempt has its one outcome."""

from __future__ import annotations

import threading

import pytest

from durian.consumers.sender import Outcome, Request, send
from durian.consumers.sender.threads import Threads
from tests.integration.sender.conftest import request_to
from tests.support.whole import FakeSender, status

PATIENCE_S = 20.0

REQUEST = request_to("http://receiver.test/")


def refuse(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_an_outcome_is_told_once_and_begin_does_not_wait_for_it() -> None:
    told, goes_on = threading.Semaphore(0), threading.Event()

    def made(_: Request) -> Outcome:
        assert goes_on.wait(PATIENCE_S)
        return status(200)

    threads = Threads(made, 2)
    threads.begin(REQUEST, lambda _: told.release())
    assert not told.acquire(blocking=False)
    goes_on.set()
    assert told.acquire(timeout=PATIENCE_S)
    threads.close()


def test_whoever_wants_to_wait_does() -> None:
    sender = FakeSender()
    assert send(sender, REQUEST) == status(200)
    sender.close()


def test_no_thread_is_an_outcome_and_nothing_comes_of_it_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outcomes: list[Outcome] = []
    sender = FakeSender()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        sender.begin(REQUEST, outcomes.append)
    [outcome] = outcomes
    assert (outcome.kind, outcome.error) == ("error", "can't start new thread")
    assert send(sender, REQUEST).ok
    assert sender.requests == [REQUEST]
    sender.close()


def test_what_waits_for_a_thread_fails_when_the_sender_is_closed() -> None:
    begun, goes_on = threading.Event(), threading.Event()
    outcomes: list[Outcome] = []
    both = threading.Semaphore(0)

    def made(_: Request) -> Outcome:
        begun.set()
        assert goes_on.wait(PATIENCE_S)
        return status(200)

    def done(outcome: Outcome) -> None:
        outcomes.append(outcome)
        both.release()

    threads = Threads(made, 1)
    threads.begin(REQUEST, done)
    threads.begin(REQUEST, done)
    assert begun.wait(PATIENCE_S)
    threads.close()
    goes_on.set()
    for _ in range(2):
        assert both.acquire(timeout=PATIENCE_S)
    assert [outcome.kind for outcome in outcomes] == ["response", "error"]
    threads.begin(REQUEST, done)
    assert outcomes[-1].kind == "error"


def test_attempts_share_as_many_threads_as_there_may_be() -> None:
    outcomes = threading.Semaphore(0)
    names: set[int] = set()

    def made(_: Request) -> Outcome:
        names.add(threading.get_ident())
        return status(200)

    threads = Threads(made, 2)
    for _ in range(20):
        threads.begin(REQUEST, lambda _: outcomes.release())
    for _ in range(20):
        assert outcomes.acquire(timeout=PATIENCE_S)
    threads.close()
    assert 1 <= len(names) <= 2


def test_a_mistake_about_one_attempt_leaves_its_thread_to_the_next(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def stumble(_: Outcome) -> None:
        raise ValueError("ours")

    told = threading.Event()
    threads = Threads(lambda _: status(200), 1)
    threads.begin(REQUEST, stumble)
    threads.begin(REQUEST, lambda _: told.set())
    assert told.wait(PATIENCE_S)
    threads.close()
    assert "ours" in caplog.text


def test_its_threads_end_when_it_is_closed() -> None:
    begun: list[threading.Thread] = []
    outcomes = threading.Semaphore(0)

    def made(_: Request) -> Outcome:
        begun.append(threading.current_thread())
        return status(200)

    threads = Threads(made, 3)
    for _ in range(3):
        threads.begin(REQUEST, lambda _: outcomes.release())
    for _ in range(3):
        assert outcomes.acquire(timeout=PATIENCE_S)
    threads.close()
    threads.close()
    for thread in begun:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
