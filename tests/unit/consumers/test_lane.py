"""A lane's pace, and what it holds: over all processes, and through faults."""

from __future__ import annotations

from itertools import pairwise

import pytest

from durian.broker.port import Address
from durian.consumers import DeliveryConsumer
from durian.consumers.lane import HOLD_S
from durian.consumers.sender.port import Outcome, Request
from durian.errors import BrokerError
from durian.events import Event, amqp
from durian.registry import Policy
from tests.support.whole import QUICK, House, listener, status


class Scene(House):
    """A house that notes when joe's attempts begin."""

    def __init__(self) -> None:
        super().__init__()
        self.began: list[float] = []
        self.sender.answer = self._answer

    def _answer(self, _: Request) -> Outcome:
        self.began.append(self.clock.now())
        return status(200)

    def put(self, rate_per_s: float | None, **policy: object) -> None:
        fields = {"schedule_s": (0,), "rate_per_s": rate_per_s} | policy
        self.add(listener("joe", policy=Policy.model_validate(fields)))

    def process(self) -> DeliveryConsumer:
        process = self.another()
        process.follower.catch_up()
        self.settle()
        return process

    def deliver(self, number: int) -> None:
        for each in range(number):
            message = amqp.encode(Event(id=str(each), type="person", data=each))
            self.broker.publish(message, Address(self.topology.deliver, "joe"), _taken)
        self.settle()

    def held(self) -> tuple[int, int]:
        """How many messages rest in the queue, and how many are in somebody's hands."""
        queue = self.topology.listener_queue("joe")
        return self.broker.ready(queue), self.broker.unsettled(queue)

    def pass_time(self, seconds: float, step_s: float) -> None:
        """Let time pass in steps short enough for what is tested."""
        self.advance(seconds, steps=round(seconds / step_s))


def _taken(error: BrokerError | None) -> None:
    assert error is None


def most_within(moments: list[float], seconds: float) -> int:
    """How many moments lie within any such span."""
    return max(sum(start <= moment < start + seconds for moment in moments) for start in moments)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_rate_is_kept(scene: Scene) -> None:
    scene.put(2.0)
    scene.deliver(50)
    assert len(scene.began) == 1
    scene.pass_time(30, 0.01)
    assert len(scene.began) == 50
    assert min(b - a for a, b in pairwise(scene.began)) >= 0.48
    assert scene.began[-1] - scene.began[0] == pytest.approx(24.5, abs=0.5)


@pytest.mark.parametrize("processes", [2, 5])
def test_a_rate_is_kept_by_all_processes_together(scene: Scene, processes: int) -> None:
    scene.put(10.0)
    for _ in range(processes - 1):
        scene.process()
    scene.deliver(300)
    scene.pass_time(31, 0.01)
    assert len(scene.began) == 300
    assert most_within(scene.began, 1.0) <= 11
    assert most_within(scene.began, 10.0) <= 102
    assert scene.began[-1] - scene.began[0] == pytest.approx(29.9, abs=0.5)


def test_no_more_is_held_than_begins_soon(scene: Scene) -> None:
    scene.put(0.5, concurrency=100)
    scene.deliver(50)
    assert scene.held() == (44, 5)


def test_a_slow_rate_holds_nothing_for_long(scene: Scene) -> None:
    scene.put(0.01)
    for _ in range(3):
        scene.process()
    scene.deliver(20)
    for _ in range(150):
        scene.pass_time(20, 1)
        queue = scene.broker._engine.queue(scene.topology.listener_queue("joe"))
        assert all(entry.returns < 100 for entry in queue.handed_out.values())
    assert len(scene.began) == 20
    assert most_within(scene.began, 99) == 1


def test_without_the_registry_each_process_keeps_the_rate_by_itself(scene: Scene) -> None:
    scene.put(10.0)
    scene.process()
    scene.registry.away = True
    scene.deliver(300)
    scene.pass_time(20, 0.01)
    assert len(scene.began) == 300
    assert most_within(scene.began, 1.0) <= 22
    assert scene.began[-1] - scene.began[0] == pytest.approx(15, abs=1)


def test_a_new_rate_holds_at_once(scene: Scene) -> None:
    scene.put(0.1)
    scene.deliver(30)
    scene.put(100.0)
    scene.pass_time(11, 0.01)
    assert len(scene.began) == 30
    scene.put(None)
    scene.deliver(30)
    assert len(scene.began) == 60


def test_a_pause_gives_the_slots_up(scene: Scene) -> None:
    scene.put(1.0)
    scene.deliver(30)
    scene.add(listener("joe", enabled=False, policy=Policy(rate_per_s=1.0)))
    assert scene.held() == (29, 0)
    scene.pass_time(5, 0.1)
    assert len(scene.began) == 1
    scene.put(1.0)
    scene.pass_time(40, 0.1)
    assert len(scene.began) == 30
    assert min(b - a for a, b in pairwise(scene.began)) >= 0.8


def test_retries_and_order_keep_the_rate_too(scene: Scene) -> None:
    answers = [500, 200] * 10
    scene.put(1.0, schedule_s=(0, 0.5), jitter=0, ordered=True)

    def answer(_: Request) -> Outcome:
        scene.began.append(scene.clock.now())
        return status(answers.pop(0))

    scene.sender.answer = answer
    scene.deliver(10)
    scene.pass_time(25, 0.05)
    assert len(scene.began) == 20
    assert min(b - a for a, b in pairwise(scene.began)) >= 0.9
    assert [one.headers["ce-id"] for one in scene.sender.requests][::2] == list("0123456789")


def test_what_waits_for_a_minute_goes_back_and_comes_again(scene: Scene) -> None:
    scene.add(listener("joe", policy=QUICK.model_copy(update={"concurrency": 1})))
    scene.broker.publish(
        amqp.encode(Event(id="1", type="person")), Address(scene.topology.deliver, "joe"), _taken
    )
    scene.broker.publish(
        amqp.encode(Event(id="2", type="person")), Address(scene.topology.deliver, "joe"), _taken
    )
    scene.broker.run()
    [hung] = scene.pending
    queue = scene.broker._engine.queue(scene.topology.listener_queue("joe"))
    for minutes in (1, 2, 3):
        scene.broker.advance(HOLD_S)
        assert sorted(entry.returns for entry in queue.handed_out.values()) == [0, minutes]
    scene.pending.clear()
    hung()
    scene.settle()
    assert len(scene.began) == 2
    assert scene.held() == (0, 0)


def test_a_lost_connection_drops_what_is_at_hand(scene: Scene) -> None:
    scene.put(1.0)
    scene.deliver(10)
    scene.broker.lose()
    scene.pass_time(15, 0.1)
    assert len(scene.began) == 10
    assert scene.held() == (0, 0)


def test_a_queue_that_was_deleted_is_consumed_again_after_a_change(scene: Scene) -> None:
    scene.put(None)
    scene.broker.delete_queue(scene.topology.listener_queue("joe"), _taken)
    scene.settle()
    scene.put(None)
    scene.deliver(3)
    assert len(scene.began) == 3
