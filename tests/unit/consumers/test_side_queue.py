"""Going through a queue slowly: nothing is held for long, and whoever watches is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from durian.broker.blocking import declare_all, publish_all
from durian.broker.memory import MemoryBroker
from durian.broker.port import Address
from durian.broker.topology import Topology
from durian.consumers.side_queue import WINDOW, Drop, Report, Send, SideQueue
from durian.events.message import Message

NAMES = Topology()


class Impatient(threading.Event):
    """An event that nobody has to wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0)
        return self.is_set()


@pytest.fixture
def broker() -> Iterator[MemoryBroker]:
    broker = MemoryBroker()
    broker.start()
    declare_all(broker, [*NAMES.house(), *NAMES.listener("joe")])
    publish_all(broker, [(Message(body=b"1"), Address(NAMES.orphans, "joe"))] * 3)
    yield broker
    broker.stop()


@pytest.fixture
def queue(broker: MemoryBroker) -> SideQueue:
    return SideQueue(broker, NAMES.orphans, NAMES.orphans)


def test_a_slow_rate_is_kept_with_a_sign_of_life_each_second(queue: SideQueue) -> None:
    told: list[tuple[int, int]] = []
    stop = Impatient()
    left = queue.go_through(
        lambda message: Send(message, NAMES.deliver),
        rate_per_s=0.4,
        stop=stop,
        progress=lambda done, total: told.append((done, total)),
    )
    assert left == 3
    assert stop.waits == pytest.approx([1, 1, 0.5] * 3)
    assert told == [(1, 3)] * 3 + [(2, 3)] * 3 + [(3, 3)] * 3


def test_as_many_are_in_hand_as_are_sent_in_a_minute(
    queue: SideQueue, broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RabbitMQ takes back what a consumer holds for half an hour."""
    windows: list[int] = []
    consume = broker.consume

    def watched(*arguments: object, prefetch: int, **more: object) -> object:
        windows.append(prefetch)
        return consume(*arguments, prefetch=prefetch, **more)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(broker, "consume", watched)
    for rate in (None, 100.0, 0.5, 0.001):
        publish_all(broker, [(Message(body=b"1"), Address(NAMES.orphans, "joe"))])
        queue.go_through(lambda _message: Drop(), rate_per_s=rate, stop=Impatient())
    assert windows == [WINDOW, WINDOW, 30, 1]


def test_a_stop_leaves_the_rest(queue: SideQueue) -> None:
    stop = threading.Event()
    stop.set()
    assert queue.go_through(lambda _message: Drop(), stop=stop) == 0
    assert queue.count() == 3


def test_a_report_tells_what_was_asked_for_and_is_not_there() -> None:
    everything, some = Report(), Report(["a", "b", "c"])
    assert everything.is_asked("a")
    assert everything.missing == []
    assert [some.is_asked(name) for name in ("a", "x", "a")] == [True, False, True]
    assert some.missing == ["b", "c"]
