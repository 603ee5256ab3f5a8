"""Listeners that fail are left alone, probed and taken back, by all processes together."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from durian.broker.port import Address
from durian.consumers import BreakerRules, DeliveryConsumer
from durian.consumers.circuit import LEASE_S
from durian.consumers.sender.port import Outcome, Request
from durian.errors import BrokerError
from durian.events import Event, amqp
from durian.registry import OpenBreaker, Policy
from tests.support.whole import House, listener, status

#: Many attempts with short waits, so that what is tested is the breaker.
PATIENT = Policy(schedule_s=(0, *[5] * 50), jitter=0)
STEADY = BreakerRules(jitter=0)
DAY_S = 86_400.0


class Scene(House):
    """A house without jitter; joe is down until he is not."""

    def __init__(self) -> None:
        super().__init__()
        self.delivery = self.another(rules=STEADY)
        self.up = False
        self.sender.answer = self._answer
        self.add(listener("joe", "person", policy=PATIENT), listener("ops", "durian.#"))

    def _answer(self, request: Request) -> Outcome:
        return status(200 if self.up or request.listener_id != "joe" else 503)

    def second(self) -> DeliveryConsumer:
        """Another process."""
        other = self.another(rules=STEADY)
        other.follower.catch_up()
        self.settle()
        return other

    def deliver(self, number: int, to: str = "joe") -> None:
        for each in range(number):
            message = amqp.encode(Event(id=str(each), type="person", data=each))
            self.broker.publish(message, Address(self.topology.deliver, to), _taken)
        self.settle()

    def attempts(self) -> int:
        return sum(request.listener_id == "joe" for request in self.sender.requests)

    def resting(self) -> int:
        return self.broker.ready(self.topology.listener_queue("joe"))

    def is_enabled(self) -> bool:
        return self.registry.listeners["joe"][1].enabled

    def told(self) -> list[str]:
        """The types of the operational events that ops got."""
        found = [request for request in self.sender.requests if request.listener_id == "ops"]
        return [request.headers["ce-type"].removeprefix("durian.") for request in found]

    def facts(self, event_type: str) -> dict[str, object]:
        [found] = [
            request
            for request in self.sender.requests
            if request.listener_id == "ops" and request.headers["ce-type"] == event_type
        ]
        assert found.headers["ce-subject"] == "joe"
        assert found.headers["ce-source"] == "/durian"
        facts: dict[str, object] = json.loads(found.body)
        return facts


def _taken(error: BrokerError | None) -> None:
    assert error is None


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_run_of_failures_opens_it_and_messages_rest(scene: Scene) -> None:
    scene.deliver(100)
    # Ten failed in a row; those that were under way with the tenth ended as they would.
    assert 10 <= scene.attempts() <= 10 + PATIENT.concurrency
    made = scene.attempts()
    scene.advance(9.9)
    assert scene.attempts() == made
    assert scene.resting() == 100
    assert scene.broker.unsettled(scene.topology.listener_queue("joe")) == 0
    assert scene.told() == ["listener.failing"]
    assert scene.registry.breakers["joe"].failures == 10


def test_a_success_in_between_keeps_it_closed(scene: Scene) -> None:
    answers = [*[503] * 9, 200, *[503] * 9, 200]
    scene.sender.answer = lambda _request: status(answers.pop(0))
    scene.add(listener("joe", "person", policy=PATIENT.model_copy(update={"concurrency": 1})))
    scene.deliver(20)
    assert answers == []
    assert scene.registry.breakers == {}


def test_probes_are_made_one_at_a_time_with_growing_pauses(scene: Scene) -> None:
    scene.deliver(100)
    made = scene.attempts()
    start = scene.clock.now()
    moments = []
    while scene.clock.now() - start < 1000:
        scene.advance(1, steps=1)
        if scene.attempts() > made:
            assert scene.attempts() == made + 1
            made += 1
            moments.append(round(scene.clock.now() - start))
    gaps = [after - before for before, after in zip([0, *moments], moments, strict=False)]
    assert gaps == pytest.approx([10, 20, 40, 80, 160, 320], abs=2)


def test_the_probe_takes_the_ordinary_way_of_retries(scene: Scene) -> None:
    scene.deliver(100)
    scene.advance(10.5, steps=3)
    delayed = [
        message.headers["durian-attempts"]
        for queue in scene.delay_queues()
        for message in scene.broker.messages(queue)
    ]
    assert delayed == ["1"]


def test_a_success_closes_it_and_everything_goes_on(scene: Scene) -> None:
    scene.deliver(100)
    scene.up = True
    scene.advance(10.5, steps=3)
    assert scene.resting() == 0
    assert scene.registry.breakers == {}
    assert scene.told() == ["listener.failing", "listener.recovered"]
    scene.advance(100)
    assert len({request.headers["webhook-id"] for request in scene.sender.requests}) == 102


def test_all_processes_agree(scene: Scene) -> None:
    other = scene.second()
    scene.deliver(200)
    for process in (scene.delivery, other):
        process.follower.catch_up()
        scene.settle()
    made = scene.attempts()
    assert made <= 20 + 4 * PATIENT.concurrency
    scene.advance(9)
    assert scene.attempts() == made
    for probes in range(1, 4):
        scene.advance(10 * 2 ** (probes - 1))
        assert scene.attempts() == made + probes
    scene.up = True
    scene.advance(81)
    for process in (scene.delivery, other):
        process.follower.catch_up()
        scene.settle()
    assert scene.resting() == 0
    assert scene.told() == ["listener.failing", "listener.recovered"]


def test_a_process_that_comes_later_finds_it_open(scene: Scene) -> None:
    scene.deliver(100)
    made = scene.attempts()
    scene.delivery.stop()
    scene.second()
    scene.advance(5)
    assert scene.attempts() == made
    scene.advance(5.5)
    assert scene.attempts() == made + 1


def test_the_probe_of_a_process_that_died_is_taken_over(scene: Scene) -> None:
    scene.deliver(100)
    until = scene.clock.now() + LEASE_S + 15
    held = replace(scene.registry.breakers["joe"], holder="dead", next_probe_at=until)
    scene.registry.breakers["joe"] = held
    made = scene.attempts()
    scene.advance(LEASE_S + 14)
    assert scene.attempts() == made
    scene.advance(2)
    assert scene.attempts() == made + 1


def test_a_probe_waits_for_a_message_as_long_as_it_takes(scene: Scene) -> None:
    other = scene.second()
    once = PATIENT.model_copy(update={"schedule_s": (0.0,)})
    scene.add(listener("joe", "person", policy=once))
    other.follower.catch_up()
    scene.deliver(20)
    made = scene.attempts()
    assert scene.resting() == 0
    for _ in range(20):
        scene.advance(LEASE_S / 2)
        scene.delivery.follower.catch_up()
        other.follower.catch_up()
    assert scene.attempts() == made
    scene.up = True
    scene.deliver(1)
    assert scene.attempts() == made + 1
    assert scene.registry.breakers == {}


def test_a_registry_that_is_away_leaves_each_process_to_itself(scene: Scene) -> None:
    scene.registry.away = True
    scene.deliver(100)
    made = scene.attempts()
    scene.advance(9)
    assert scene.attempts() == made
    scene.advance(2)
    assert scene.attempts() == made + 1
    assert scene.told() == ["listener.failing"]
    assert scene.registry.breakers == {}
    # It hears of it when it is back.
    scene.registry.away = False
    scene.advance(6)
    scene.follow()
    assert scene.registry.breakers["joe"].probes == 1
    scene.up = True
    scene.advance(50)
    assert scene.registry.breakers == {}
    assert scene.told() == ["listener.failing", "listener.recovered"]


def test_a_recovery_that_the_registry_did_not_hear_of_is_told_again(scene: Scene) -> None:
    scene.deliver(100)
    scene.registry.away = True
    scene.up = True
    scene.advance(10.5, steps=3)
    assert scene.resting() == 0
    assert list(scene.registry.breakers) == ["joe"]
    scene.registry.away = False
    scene.advance(6)
    scene.follow()
    assert scene.registry.breakers == {}
    scene.deliver(10)
    assert scene.resting() == 0
    assert scene.told() == ["listener.failing", "listener.recovered"]


def test_whoever_changes_the_listener_closes_it(scene: Scene) -> None:
    scene.deliver(100)
    scene.up = True
    scene.add(listener("joe", "person", policy=PATIENT, description="mended"))
    assert scene.resting() == 0


def test_five_days_of_failure_disable_the_listener(scene: Scene) -> None:
    scene.deliver(2000)
    scene.advance(5 * DAY_S - 700, steps=1000)
    assert scene.is_enabled()
    scene.advance(1400, steps=100)
    assert not scene.is_enabled()
    assert scene.told().count("listener.failing") == 1
    assert scene.told()[-1] == "listener.disabled"
    assert scene.facts("durian.listener.disabled")["reason"] == (
        "no attempt succeeded for 5.0 days"
    )
    made = scene.attempts()
    scene.follow()
    scene.advance(DAY_S)
    assert scene.attempts() == made
    # Not one message was lost or given up: each attempt was a probe of another one, or late.
    scene.up = True
    scene.add(listener("joe", "person", policy=PATIENT))
    scene.advance(1000)
    done = {request.headers["ce-id"] for request in scene.sender.requests if request.body}
    assert len([one for one in done if one.isdigit()]) == 2000


def test_gone_disables_it_and_tells(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.sender.answer = lambda request: status(410 if request.listener_id == "joe" else 200)
    scene.deliver(1)
    (dead,) = [one for one in caplog.messages if one.startswith("delivery.dead")]
    (gone,) = [one for one in scene.sender.requests if one.listener_id == "joe"]
    event_id, webhook_id = gone.headers["ce-id"], gone.headers["webhook-id"]
    assert f"event_id={event_id} type=person webhook_id={webhook_id}" in dead
    assert sorted(scene.told()) == ["delivery.dead", "listener.disabled"]
    assert scene.facts("durian.listener.disabled") == {"listener": "joe", "reason": "410 Gone"}


def test_a_disabling_that_the_registry_does_not_hear_is_asked_for_again(scene: Scene) -> None:
    scene.sender.answer = lambda request: status(410 if request.listener_id == "joe" else 200)
    scene.registry.away = True
    scene.deliver(1)
    assert scene.is_enabled()
    scene.registry.away = False
    scene.advance(6)
    scene.deliver(1)
    assert not scene.is_enabled()


def test_what_failing_says(scene: Scene) -> None:
    scene.sender.answer = lambda request: (
        Outcome(kind="blocked", latency_s=0, error="blocked address 10.0.0.1")
        if request.listener_id == "joe"
        else status(200)
    )
    scene.deliver(100)
    facts = scene.facts("durian.listener.failing")
    assert facts == {
        "listener": "joe",
        "failures": 10,
        "failing_since": "2027-01-15T08:00:00Z",
        "error": "could not connect",
    }


def test_a_dead_letter_is_told_after_it_is_one(scene: Scene) -> None:
    once = Policy(schedule_s=(0,))
    scene.add(listener("joe", "person", policy=once))
    scene.deliver(1)
    assert scene.broker.ready(scene.topology.dead_queue("joe")) == 1
    facts = scene.facts("durian.delivery.dead")
    assert facts.pop("webhook_id") == scene.sender.requests[0].headers["webhook-id"]
    assert facts == {
        "listener": "joe",
        "event": {"id": "0", "type": "person", "source": "/durian"},
        "attempts": 1,
        "status": 503,
        "error": "",
    }


def test_operational_events_never_feed_on_themselves(scene: Scene) -> None:
    """Joe and ops both fail at everything: what ops does not get is not told to ops."""
    scene.sender.answer = lambda _request: status(503)
    once = Policy(schedule_s=(0,))
    scene.add(
        listener("joe", "person", policy=once),
        listener("ops", "durian.#", policy=once),
        listener("all", "#", policy=once),
    )
    scene.deliver(30)
    scene.advance(2 * DAY_S, steps=500)
    events = [one.type for one in scene.broker.messages(scene.topology.archive)]
    # Twelve or so dead letters of joe, one for each probe in two days, and his failing.
    assert len(events) < 40
    assert set(events) == {"durian.delivery.dead", "durian.listener.failing"}
    assert {request.listener_id for request in scene.sender.requests} == {"joe", "ops"}


def test_operational_events_say_whose_they_are(scene: Scene) -> None:
    scene.delivery.stop()
    scene.delivery = scene.another(rules=STEADY, owner_attribute="tenant")
    scene.add(listener("joe", "person", policy=PATIENT, owner="acme"))
    scene.delivery.follower.catch_up()
    scene.deliver(100)

    [event] = [amqp.decode(one)[0] for one in scene.broker.messages(scene.topology.archive)]
    assert (event.type, event.extensions) == ("durian.listener.failing", {"tenant": "acme"})


def test_an_open_breaker_of_an_unknown_listener_is_nothing(scene: Scene) -> None:
    now = scene.clock.now()
    scene.registry.breakers["bo"] = OpenBreaker(
        listener_id="bo", failing_since=now, failures=10, opened_at=now, next_probe_at=now
    )
    scene.up = True
    scene.deliver(1)
    scene.follow()
    assert scene.attempts() == 1


def test_a_hopeless_listener_stays_alone_while_the_registry_is_away(scene: Scene) -> None:
    scene.deliver(100)
    long_ago = replace(scene.registry.breakers["joe"], failing_since=0.0)
    scene.registry.breakers["joe"] = long_ago
    scene.follow()
    scene.registry.away = True
    made = scene.attempts()
    scene.advance(31)
    assert scene.attempts() == made + 2
    assert scene.is_enabled()
    scene.registry.away = False
    scene.advance(60)
    assert scene.attempts() == made + 3
    assert not scene.is_enabled()
