"""Ordered listeners: strictly one after the other, retries, restarts and faults included."""

from __future__ import annotations

import random

import pytest

from durian.broker.memory.queue import MemoryQueue
from durian.broker.port import Address
from durian.consumers import BreakerRules, DeliveryConsumer
from durian.consumers.lane import HOLD_S
from durian.consumers.ordered import HAND_OVER_S, SETTLE_S
from durian.consumers.sender.port import Outcome, Request
from durian.errors import BrokerError, QueueMissing
from durian.events import Event, amqp
from durian.registry import Policy
from tests.support.whole import House, listener, status

ORDERED = Policy(schedule_s=(0, 5, 300, 1800), jitter=0, ordered=True)


class Scene(House):
    """A house with an ordered listener, who answers as he is told to, and else 200."""

    def __init__(self) -> None:
        super().__init__()
        self.processes: list[DeliveryConsumer] = []
        self.delivery = self.process()
        self.answers: list[int] = []
        self.sender.answer = self._answer
        self.add(listener("joe", "person", policy=ORDERED))
        self.number = 0

    def _answer(self, _: Request) -> Outcome:
        return status(self.answers.pop(0) if self.answers else 200)

    def process(self) -> DeliveryConsumer:
        """A process that never opens a breaker."""
        process = self.another(rules=BreakerRules(failures=1_000_000))
        self.processes.append(process)
        process.follower.catch_up()
        self.settle()
        return process

    def deliver(self, number: int) -> None:
        for _ in range(number):
            self.number += 1
            message = amqp.encode(Event(id=str(self.number), type="person", data=self.number))
            self.broker.publish(message, Address(self.topology.deliver, "joe"), _taken)
        self.settle()
        self.advance(SETTLE_S, steps=1)

    def seen(self) -> list[str]:
        """The events in the order of the attempts at them."""
        return [request.headers["ce-id"] for request in self.sender.requests]

    def held(self) -> tuple[int, int]:
        """How many messages rest in the queue, and how many are in somebody's hands."""
        queue = self.topology.listener_queue("joe")
        return self.broker.ready(queue), self.broker.unsettled(queue)

    def queue(self) -> MemoryQueue:
        """The queue of joe, from within."""
        return self.broker._engine.queue(self.topology.listener_queue("joe"))

    def dead(self) -> list[dict[str, str]]:
        try:
            found = self.broker.messages(self.topology.dead_queue("joe"))
        except QueueMissing:
            return []
        return [{name: str(value) for name, value in one.headers.items()} for one in found]


def _taken(error: BrokerError | None) -> None:
    assert error is None


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_events_are_delivered_one_at_a_time_in_their_order(scene: Scene) -> None:
    scene.deliver(20)
    assert scene.seen() == [str(number) for number in range(1, 21)]
    assert scene.held() == (0, 0)


def test_one_attempt_is_under_way_at_most(scene: Scene) -> None:
    message = amqp.encode(Event(id="1", type="person"))
    for _ in range(3):
        scene.broker.publish(message, Address(scene.topology.deliver, "joe"), _taken)
    scene.broker.advance(SETTLE_S)
    assert len(scene.pending) == 1
    assert scene.held() == (2, 1)


def test_nothing_passes_a_delivery_that_is_tried_again(scene: Scene) -> None:
    scene.answers = [200, 500, 503]
    scene.deliver(5)
    assert scene.seen() == ["1", "2"]
    scene.advance(5.1)
    assert scene.seen() == ["1", "2", "2"]
    scene.advance(299)
    assert scene.seen() == ["1", "2", "2"]
    scene.advance(1.1)
    assert scene.seen() == ["1", "2", "2", "2", "3", "4", "5"]
    assert len({request.headers["webhook-id"] for request in scene.sender.requests}) == 5


def test_a_message_is_never_held_for_more_than_a_minute(scene: Scene) -> None:
    scene.answers = [500] * 3
    scene.deliver(3)
    given_back = 0
    held_since = scene.clock.now()
    for _ in range(5 + 300 + 1790):
        scene.broker.advance(1)
        scene.settle()
        [head] = scene.queue().handed_out.values()
        if head.returns != given_back:
            given_back = head.returns
            assert scene.clock.now() - held_since <= HOLD_S + 1
            held_since = scene.clock.now()
    assert given_back == pytest.approx(2095 / 60, abs=2)
    assert scene.seen() == ["1", "1", "1"]


def test_a_delivery_out_of_attempts_makes_way(scene: Scene) -> None:
    scene.answers = [500] * 4
    scene.deliver(3)
    first_at_ms = round(scene.clock.now() * 1000)
    scene.advance(2110, steps=422)
    assert scene.seen() == ["1", "1", "1", "1", "2", "3"]
    [dead] = scene.dead()
    assert dead["durian-attempts"] == "4"
    assert dead["durian-first-at"] == str(first_at_ms)
    assert dead["durian-reason"] == "4 attempts failed, the last with status 500"
    assert scene.held() == (0, 0)
    assert scene.registry.heads == {}


def test_every_attempt_is_recorded(scene: Scene) -> None:
    scene.answers = [500, 500]
    scene.deliver(1)
    scene.advance(400)
    records = [one.routing_key for one in scene.broker.messages(scene.topology.attempts)]
    assert records == ["joe.retry", "joe.retry", "joe.delivered"]


def test_another_process_goes_on_where_the_first_one_was(scene: Scene) -> None:
    second = scene.process()
    scene.answers = [500, 500]
    scene.deliver(3)
    scene.advance(6)
    assert scene.seen() == ["1", "1"]
    scene.delivery.stop()
    scene.advance(290)
    assert scene.seen() == ["1", "1"]  # the second one knows when the third attempt is due
    scene.advance(12)
    assert scene.seen() == ["1", "1", "1", "2", "3"]
    assert second.counts.delivered == 3


def test_without_the_registry_it_counts_anew_and_keeps_the_order(scene: Scene) -> None:
    scene.process()
    scene.registry.away = True
    scene.answers = [500, 500]
    scene.deliver(3)
    scene.advance(6)
    scene.delivery.stop()
    scene.answers = [500]
    scene.advance(HAND_OVER_S + 4)
    assert scene.seen() == ["1", "1", "1"]
    scene.advance(6)
    assert scene.seen() == ["1", "1", "1", "1", "2", "3"]


def test_the_next_process_does_not_begin_before_an_attempt_has_ended(scene: Scene) -> None:
    scene.process()
    message = amqp.encode(Event(id="1", type="person"))
    for _ in range(2):
        scene.broker.publish(message, Address(scene.topology.deliver, "joe"), _taken)
    scene.broker.advance(SETTLE_S)
    assert len(scene.pending) == 1
    scene.delivery.stop()  # its grace is over at once, and the attempt still under way
    scene.broker.advance(100)
    assert len(scene.pending) == 1
    scene.settle()
    scene.advance(HAND_OVER_S + SETTLE_S + 1)  # it asks the registry no more
    assert len(scene.sender.requests) == 2


def test_a_lost_connection_keeps_the_order_and_the_count(scene: Scene) -> None:
    scene.answers = [500, 500]
    scene.deliver(3)
    scene.advance(6)
    scene.broker.lose()
    scene.advance(100)
    assert scene.seen() == ["1", "1"]
    scene.advance(201)
    assert scene.seen() == ["1", "1", "1", "2", "3"]


def test_the_first_message_of_a_life_is_left_alone_for_a_moment(scene: Scene) -> None:
    message = amqp.encode(Event(id="1", type="person"))
    scene.broker.publish(message, Address(scene.topology.deliver, "joe"), _taken)
    scene.advance(SETTLE_S - 0.01)
    assert scene.seen() == []
    scene.advance(0.02)
    assert scene.seen() == ["1"]
    scene.broker.publish(message, Address(scene.topology.deliver, "joe"), _taken)
    scene.settle()
    assert scene.seen() == ["1", "1"]


def test_a_disabled_listener_keeps_its_head_first(scene: Scene) -> None:
    scene.answers = [500]
    scene.deliver(3)
    scene.add(listener("joe", "person", policy=ORDERED, enabled=False))
    scene.advance(100)
    assert scene.held() == (3, 0)
    assert scene.seen() == ["1"]
    scene.add(listener("joe", "person", policy=ORDERED))
    scene.advance(SETTLE_S + 0.1)
    assert scene.seen() == ["1", "1", "2", "3"]


def test_gone_leaves_the_rest_in_their_order(scene: Scene) -> None:
    scene.answers = [200, 410]
    scene.deliver(4)
    assert scene.seen() == ["1", "2"]
    assert scene.held() == (2, 0)
    scene.add(listener("joe", "person", policy=ORDERED))
    scene.advance(SETTLE_S + 0.1)
    assert scene.seen() == ["1", "2", "3", "4"]


def test_a_replayed_dead_letter_begins_anew(scene: Scene) -> None:
    scene.answers = [500] * 5
    scene.deliver(1)
    scene.advance(2200, steps=500)
    assert len(scene.seen()) == 4
    scene.broker.lose()
    message = amqp.encode(Event(id="1", type="person", data=1))
    scene.broker.publish(message, Address(scene.topology.deliver, "joe"), _taken)
    scene.advance(10)
    assert len(scene.seen()) == 6
    assert len(scene.dead()) == 1


def test_its_breaker_leaves_it_alone_without_letting_go(scene: Scene) -> None:
    scene.delivery.stop()
    rules = BreakerRules(failures=2, jitter=0)
    for process in (scene.another(rules=rules), scene.another(rules=rules)):
        process.follower.catch_up()
    scene.answers = [500] * 3
    scene.deliver(3)
    assert scene.registry.breakers == {}
    scene.advance(6)
    assert scene.registry.breakers["joe"].failures == 2
    assert scene.held() == (2, 1)
    scene.advance(301)
    assert scene.seen() == ["1", "1", "1"]
    assert scene.registry.breakers["joe"].probes == 1
    scene.advance(1801)
    assert scene.seen() == ["1", "1", "1", "1", "2", "3"]
    assert scene.registry.breakers == {}


@pytest.mark.parametrize("seed", range(10))
def test_whatever_happens_the_order_holds(seed: int) -> None:
    """Failures, lost connections, stops and new processes at random."""
    rng = random.Random(seed)
    scene = Scene()
    scene.sender.answer = lambda _request: status(rng.choice([200, 200, 500]))
    for _ in range(80):
        step = rng.choice(["deliver", "deliver", "wait", "lose", "stop", "start", "away"])
        if step == "deliver":
            scene.deliver(rng.randint(1, 3))
        elif step == "lose":
            scene.broker.lose()
        elif step == "start" and not scene.registry.away:
            scene.process()
        elif step == "stop" and len(scene.processes) > 1:
            scene.processes.pop(rng.randrange(len(scene.processes))).stop()
        elif step == "away":
            scene.registry.away = not scene.registry.away
        scene.advance(rng.choice([0.1, 1, 10, 100]), steps=5)
    scene.sender.answer = lambda _request: status(200)
    scene.advance(4000, steps=200)
    dead = [int(headers["ce-id"]) for headers in scene.dead()]
    first_seen = list(dict.fromkeys(scene.seen()))
    last_seen = list(dict.fromkeys(reversed(scene.seen())))[::-1]
    everything = [str(number) for number in range(1, scene.number + 1)]
    assert first_seen == last_seen == everything
    assert dead == sorted(dead)
