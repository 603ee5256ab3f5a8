"""Batches from queue to listener: several events in one request, tried and given up as one."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from durian.broker.port import Address
from durian.consumers.attempt import request_of
from durian.consumers.delivery import Delivery
from durian.consumers.keys import ListenerKeys
from durian.consumers.sender.port import Outcome, Request
from durian.errors import BrokerError, InvalidListener, QueueMissing
from durian.events import Event, amqp
from durian.events.message import Message
from durian.registry import ListenerSecret, Policy
from durian.registry.attempt import Attempt, attempts_of
from durian.signature import verify
from tests.support.whole import SECRET, House, listener, status

#: Batches of four, which wait for ten seconds.
BATCHED = {
    "payload": "cloudevent",
    "batch_events": 4,
    "batch_wait_s": 10,
    "schedule_s": (0, 60, 600),
    "jitter": 0,
}


class Scene(House):
    """A house in which joe takes batches."""

    def __init__(self) -> None:
        super().__init__()
        self.number = 0

    def put(self, **policy: object) -> None:
        self.add(listener("joe", policy=Policy.model_validate(BATCHED | policy)))

    def deliver(self, number: int, data: str = "") -> None:
        """So many events more for joe, counted from 1."""
        for _ in range(number):
            self.number += 1
            event = Event(id=str(self.number), type="person", data=data or self.number)
            self.put_message(amqp.encode(event))
        self.settle()

    def put_message(self, message: Message) -> None:
        self.broker.publish(message, Address(self.topology.deliver, "joe"), _taken)

    def held(self) -> tuple[int, int]:
        """How many messages rest in the queue, and how many are in somebody's hands."""
        queue = self.topology.listener_queue("joe")
        return self.broker.ready(queue), self.broker.unsettled(queue)

    @property
    def batches(self) -> list[Sequence[str]]:
        """The ids of what was sent, request by request."""
        return [ids_in(request) for request in self.sender.requests]

    @property
    def records(self) -> list[Attempt]:
        messages = self.broker.messages(self.topology.attempts)
        return [each for message in messages for each in attempts_of(message.body)]

    @property
    def dead(self) -> list[Message]:
        try:
            return list(self.broker.messages(self.topology.dead_queue("joe")))
        except QueueMissing:
            return []


def _taken(error: BrokerError | None) -> None:
    assert error is None


def ids_in(request: Request) -> list[str]:
    return [document["id"] for document in json.loads(request.body)]


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.put()
    return scene


def test_a_full_batch_goes_at_once_as_one_signed_array_of_cloudevents(scene: Scene) -> None:
    scene.deliver(4)
    [request] = scene.sender.requests
    assert ids_in(request) == ["1", "2", "3", "4"]
    assert request.headers["content-type"] == "application/cloudevents-batch+json"
    assert request.headers["webhook-id"].startswith("batch_")
    assert not any(name.startswith("ce-") for name in request.headers)
    verify(request.headers, request.body, [SECRET], now=scene.clock.now())
    first = json.loads(request.body)[0]
    assert (first["type"], first["data"], first["specversion"]) == ("person", 1, "1.0")
    assert scene.held() == (0, 0)


def test_one_that_is_not_full_goes_when_its_first_event_has_waited(scene: Scene) -> None:
    scene.deliver(2)
    scene.advance(6)
    scene.deliver(1)
    assert scene.batches == []
    scene.advance(3.9)
    assert scene.batches == []
    scene.advance(0.2)
    assert scene.batches == [["1", "2", "3"]]
    scene.advance(600)
    assert len(scene.sender.requests) == 1


def test_a_lone_event_is_a_batch_of_one_under_its_own_webhook_id(scene: Scene) -> None:
    scene.deliver(1)
    scene.advance(11)
    [request] = scene.sender.requests
    assert ids_in(request) == ["1"]
    [record] = scene.records
    assert record.batch_id is None
    assert request.headers["webhook-id"] == record.webhook_id


def test_bytes_bound_it_too_and_what_is_larger_goes_alone(scene: Scene) -> None:
    scene.put(batch_bytes=1024, batch_events=100)
    scene.deliver(2, data="x" * 300)
    scene.deliver(1, data="x" * 2000)
    scene.deliver(1, data="x" * 300)
    scene.advance(11)
    assert scene.batches == [["1", "2"], ["3"], ["4"]]
    assert len(scene.sender.requests[0].body) <= 1024


def test_without_a_wait_it_takes_what_is_there(scene: Scene) -> None:
    scene.put(batch_wait_s=0, concurrency=1)
    scene.deliver(9)
    assert [each for batch in scene.batches for each in batch] == [str(n) for n in range(1, 10)]
    assert scene.broker.unsettled(scene.topology.listener_queue("joe")) == 0


def test_a_failed_batch_comes_back_as_the_same_batch(scene: Scene) -> None:
    answers = [status(500), status(503), status(200)]
    scene.sender.answer = lambda _request: answers.pop(0)
    scene.deliver(3)
    scene.advance(11)
    scene.advance(2000, steps=500)
    assert scene.batches == [["1", "2", "3"]] * 3
    assert len({request.headers["webhook-id"] for request in scene.sender.requests}) == 1
    assert len({request.headers["webhook-timestamp"] for request in scene.sender.requests}) == 3
    assert scene.held() == (0, 0)


def test_retried_events_do_not_mix_with_fresh_ones(scene: Scene) -> None:
    answers = [status(500)]
    scene.sender.answer = lambda _request: answers.pop(0) if answers else status(200)
    scene.deliver(2)
    scene.advance(11)
    scene.advance(45, steps=450)
    for _ in range(60):
        scene.advance(1)
        if len(scene.batches) == 1:
            scene.deliver(1)
    scene.advance(20)
    assert scene.batches.count(["1", "2"]) == 2
    assert sorted(int(each) for batch in scene.batches for each in batch)[:3] == [1, 1, 2]


def test_all_of_it_is_due_at_one_moment(scene: Scene) -> None:
    scene.sender.answer = lambda _request: status(500)
    scene.put(jitter=0.5)
    scene.deliver(4)
    holding = [queue for queue in scene.delay_queues() if scene.broker.ready(queue)]
    assert [scene.broker.ready(queue) for queue in holding] == [4]
    assert len({record.next_at_ms for record in scene.records}) == 1


def test_every_event_has_a_record_of_its_own_that_names_the_batch(scene: Scene) -> None:
    scene.deliver(4)
    batch_id = scene.sender.requests[0].headers["webhook-id"]
    records = scene.records
    assert [record.event_id for record in records] == ["1", "2", "3", "4"]
    assert {record.batch_id for record in records} == {batch_id}
    assert len({record.webhook_id for record in records}) == 4
    assert {(record.result, record.number) for record in records} == {("delivered", 1)}
    assert scene.delivery.counts.delivered == 4


def test_a_batch_out_of_attempts_is_a_dead_letter_for_each_event(scene: Scene) -> None:
    scene.sender.answer = lambda _request: status(500)
    scene.deliver(3)
    scene.advance(2000, steps=500)
    assert [message.headers["ce-id"] for message in scene.dead] == ["1", "2", "3"]
    assert {message.headers["durian-attempts"] for message in scene.dead} == {"3"}
    assert scene.delivery.counts.dead == 3


def test_a_batch_that_is_too_large_is_halved_until_it_is_not(scene: Scene) -> None:
    def answer(request: Request) -> Outcome:
        return status(413 if "3" in ids_in(request) and len(ids_in(request)) > 1 else 200)

    scene.sender.answer = answer
    scene.deliver(4)
    assert scene.batches == [["1", "2", "3", "4"], ["1", "2"], ["3", "4"], ["3"], ["4"]]
    assert scene.held() == (0, 0)
    told = [(record.event_id, record.number, record.result) for record in scene.records]
    assert told.count(("3", 1, "retry")) == 2
    assert told[-1] == ("4", 1, "delivered")
    # The attempt log takes records that agree in these for the same one.
    keys = [(record.webhook_id, record.number, record.at_ms) for record in scene.records]
    assert len(set(keys)) == len(keys)


def test_an_event_that_is_too_large_by_itself_fails_alone(scene: Scene) -> None:
    def answer(request: Request) -> Outcome:
        return status(413 if "1" in ids_in(request) else 200)

    scene.sender.answer = answer
    scene.deliver(2)
    scene.advance(11)
    assert scene.batches == [["1", "2"], ["1"], ["2"]]
    scene.deliver(3)
    scene.advance(2000, steps=500)
    assert scene.batches.count(["1"]) == 3
    assert [message.headers["ce-id"] for message in scene.dead] == ["1"]


def test_splitting_costs_no_attempt_and_opens_no_breaker(scene: Scene) -> None:
    scene.put(batch_events=64)
    scene.sender.answer = lambda request: status(413 if len(ids_in(request)) > 1 else 200)
    scene.deliver(64)
    assert len(scene.sender.requests) == 127
    assert scene.delivery.counts.delivered == 64
    assert not scene.registry.breakers


def test_a_probe_is_one_event_that_waits_for_none(scene: Scene) -> None:
    scene.put(schedule_s=(0, 60), batch_events=2)
    scene.sender.answer = lambda _request: status(500)
    scene.deliver(20)
    assert scene.registry.breakers
    scene.deliver(5)
    scene.sender.answer = lambda _request: status(200)
    before = len(scene.sender.requests)
    scene.advance(12, steps=120)
    assert [len(each) for each in scene.batches[before:]] == [1, 2, 2]


def test_a_rate_counts_requests_and_batches_fill_up_meanwhile(scene: Scene) -> None:
    scene.put(rate_per_s=0.1, batch_events=10, batch_wait_s=1)
    scene.deliver(1)
    scene.advance(2)
    for _ in range(8):
        scene.deliver(1)
        scene.advance(1)
    scene.advance(2)
    assert [len(batch) for batch in scene.batches] == [1, 8]


def test_no_more_requests_are_under_way_than_the_policy_allows(scene: Scene) -> None:
    scene.put(concurrency=2)
    for _ in range(5 * 4):
        scene.number += 1
        scene.put_message(amqp.encode(Event(id=str(scene.number), type="person")))
    scene.broker.run()
    assert len(scene.pending) == 2
    scene.settle()
    assert [len(batch) for batch in scene.batches] == [4] * 5


def test_a_pause_gives_back_what_was_gathered(scene: Scene) -> None:
    scene.deliver(3)
    assert scene.held() == (0, 3)
    scene.add(listener("joe", paused=True, policy=Policy.model_validate(BATCHED)))
    assert scene.held() == (3, 0)
    scene.put()
    scene.advance(11)
    assert scene.batches == [["1", "2", "3"]]


def test_a_stop_does_not_wait_for_a_batch_to_fill(scene: Scene) -> None:
    scene.deliver(3)
    scene.delivery.stop()
    scene.settle()
    assert scene.held() == (3, 0)
    assert scene.batches == []


def test_a_lost_connection_drops_what_was_gathered(scene: Scene) -> None:
    scene.deliver(3)
    scene.broker.lose()
    scene.advance(15)
    assert scene.batches == [["1", "2", "3"]]
    assert scene.held() == (0, 0)


def test_a_first_wait_is_met_before_anything_is_gathered(scene: Scene) -> None:
    scene.put(schedule_s=(60, 60))
    scene.deliver(4)
    assert scene.batches == []
    scene.advance(100, steps=100)
    assert scene.batches == [["1", "2", "3", "4"]]
    assert scene.records[0].number == 1


def test_batches_begin_and_end_with_a_change_of_the_policy(scene: Scene) -> None:
    scene.deliver(3)
    scene.put(batch_events=1)
    assert [json.loads(request.body)["id"] for request in scene.sender.requests] == ["1", "2", "3"]
    scene.put()
    scene.deliver(4)
    assert ids_in(scene.sender.requests[-1]) == ["4", "5", "6", "7"]


def test_who_sends_one_event_without_a_queue_sends_a_batch_of_one() -> None:
    joe = listener("joe", policy=BATCHED)
    delivery = Delivery.of("joe", amqp.encode(Event(id="1", type="person")))
    keys = ListenerKeys([ListenerSecret(value=SECRET, created_at=0)])
    request = request_of(delivery, joe, keys, 0.0)
    assert request.headers["content-type"] == "application/cloudevents-batch+json"
    assert ids_in(request) == ["1"]


def test_a_message_that_holds_no_event_fails_alone(scene: Scene) -> None:
    scene.deliver(1)
    scene.put_message(Message(body=b"?", headers={}, content_type="application/json"))
    scene.deliver(3)
    assert scene.batches == [["1", "2", "3", "4"]]
    broken = [record for record in scene.records if not record.event_id]
    assert [record.result for record in broken] == ["retry"]
    assert broken[0].error.startswith("internal fault")


def test_a_batch_whose_members_are_elsewhere_goes_with_whom_it_finds(scene: Scene) -> None:
    other = scene.another()
    other.follower.catch_up()
    answers = [status(500), status(500)]
    scene.sender.answer = lambda _request: answers.pop(0) if answers else status(200)
    scene.deliver(8)
    scene.advance(11)
    scene.advance(200, steps=400)
    delivered = [record.event_id for record in scene.records if record.result == "delivered"]
    assert sorted(delivered) == [str(number) for number in range(1, 9)]
    assert scene.held() == (0, 0)


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ({"batch_events": 2}, "needs payload=cloudevent"),
        ({"batch_events": 2, "payload": "standard"}, "needs payload=cloudevent"),
        ({"batch_events": 2, "payload": "cloudevent", "ordered": True}, "ordered"),
        ({"batch_events": 1001, "payload": "cloudevent"}, "at most 1000"),
        ({"batch_events": 0}, "at least 1"),
    ],
)
def test_what_cannot_be_batched_is_refused_by_name(policy: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidListener) as caught:
        listener("joe", policy=policy)
    assert caught.value.field == "policy.batch_events"
    assert reason in caught.value.reason
