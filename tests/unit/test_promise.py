"""The promise, as a state machine: router and delivery on the embedded broker, a clock by hand.

Hypothesis tries sequences of events, faults and changes and shrinks what breaks the promise. For
thousands of them: `pytest --hypothesis-profile nightly tests/unit/test_promise.py`.
"""

from __future__ import annotations

import json
from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from durian.consumers.sender.port import Outcome, Request
from durian.errors import QueueMissing
from durian.events import Event
from tests.support.whole import QUICK, House, listener, status

#: One listener of each kind: as most are, with a rate, in order, and with batches.
POLICIES = {
    "ann": QUICK,
    "bob": QUICK.model_copy(update={"rate_per_s": 0.5, "concurrency": 2}),
    "eve": QUICK.model_copy(update={"ordered": True}),
    "kim": QUICK.model_copy(
        update={"payload": "cloudevent", "batch_events": 3, "batch_wait_s": 5.0, "concurrency": 2}
    ),
}
NAMES = tuple(POLICIES)

#: What a receiver may be up to.
MOODS = {"fine": 200, "down": 500, "busy": 429, "moved": 301, "gone": 410, "small": 413}

Name = tuple[str, str]


class Promise(RuleBasedStateMachine):
    """Every event that matched is delivered, a dead letter, or waiting: nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.house = House()
        self.moods = dict.fromkeys(NAMES, "fine")
        self.house.sender.answer = self.answer
        self.emitted = 0
        #: What router and listeners agreed on when the event was routed.
        self.expected: set[Name] = set()
        self.delivered: Counter[Name] = Counter()
        self.webhook_ids: dict[Name, set[str]] = {}
        self.crashes = 0
        #: Deliveries of listeners that were removed: they may end among the orphans.
        self.abandoned: set[Name] = set()

    def answer(self, request: Request) -> Outcome:
        ids = ids_in(request)
        mood = self.moods[request.listener_id]
        outcome = status(200 if mood == "small" and len(ids) == 1 else MOODS[mood])
        for event_id in ids:
            name = (request.listener_id, event_id)
            if len(ids) == 1:
                self.webhook_ids.setdefault(name, set()).add(request.headers["webhook-id"])
            self.delivered[name] += outcome.ok
        return outcome

    @rule(who=st.sampled_from(NAMES), enabled=st.booleans())
    def put(self, who: str, enabled: bool) -> None:  # noqa: FBT001  # Hypothesis fills it
        self.house.add(listener(who, enabled=enabled, policy=POLICIES[who]))

    @rule(who=st.sampled_from(NAMES))
    def remove(self, who: str) -> None:
        if who in self.house.registry.listeners:
            self.house.registry.remove(who)
            self.abandoned |= {name for name in self.expected if name[0] == who}
            self.house.follow()

    @rule()
    def emit(self) -> None:
        self.emitted += 1
        event = Event(id=f"e{self.emitted}", type="person", data={"n": self.emitted})
        listeners = self.house.registry.listeners.values()
        self.expected |= {(each.id, event.id) for _, each in listeners if each.enabled}
        self.house.emit(event)

    @rule(who=st.sampled_from(NAMES), mood=st.sampled_from(sorted(MOODS)))
    def change_mood(self, who: str, mood: str) -> None:
        self.moods[who] = mood

    @rule(seconds=st.sampled_from([1, 20, 60, 400]))
    def wait(self, seconds: int) -> None:
        self.house.advance(seconds, steps=10)

    @rule()
    def lose_connection(self) -> None:
        self.crashes += 1
        self.house.broker.lose()
        self.house.settle()

    @rule(seconds=st.sampled_from([0, 20, 400]), lost=st.booleans())
    def run_short_of_memory(self, seconds: int, lost: bool) -> None:  # noqa: FBT001  # Hypothesis fills it
        """Nothing that is published gets through for a while; the connection may be lost in it."""
        self.crashes += lost
        with self.house.broker.alarm():
            self.house.advance(seconds, steps=10)
            if lost:
                self.house.broker.lose()
                self.house.advance(seconds, steps=10)
        self.house.settle()

    @rule(sent=st.booleans())
    def crash(self, sent: bool) -> None:  # noqa: FBT001  # Hypothesis fills it
        """Both processes die, with or without having sent the requests under way."""
        self.crashes += 1
        self.house.crash(finish_requests=sent)

    @precondition(lambda self: not self.crashes)
    @invariant()
    def nothing_is_delivered_twice_without_a_fault(self) -> None:
        assert all(count <= 1 for count in self.delivered.values())

    @invariant()
    def the_webhook_id_of_a_delivery_never_changes(self) -> None:
        assert all(len(ids) == 1 for ids in self.webhook_ids.values())

    @invariant()
    def every_delivery_is_somewhere(self) -> None:
        dead, waiting = self.dead(), self.waiting()
        for name in self.expected - self.abandoned:
            assert self.delivered[name] or dead[name] or waiting[name], name
        assert {name for name, count in self.delivered.items() if count} <= self.expected

    def teardown(self) -> None:
        """When all is well again and time passes, nothing is left waiting."""
        self.moods = dict.fromkeys(NAMES, "fine")
        for who in list(self.house.registry.listeners):
            self.house.add(listener(who, policy=POLICIES[who]))
        self.house.advance(4000, steps=100)
        dead = self.dead()
        for name in self.expected - self.abandoned:
            assert self.delivered[name] or dead[name], name

    def dead(self) -> Counter[Name]:
        topology = self.house.topology
        return self.held({topology.dead_queue(who): who for who in NAMES})

    def waiting(self) -> Counter[Name]:
        """In a listener's queue, in its lane's hands, or in a delay bucket."""
        topology = self.house.topology
        queues = {topology.listener_queue(who): who for who in NAMES}
        found = self.held(queues)
        for name, taken in self.house.broker._engine._queues.items():
            if name in queues:
                for entry in taken.handed_out.values():
                    found[queues[name], str(entry.message.headers["ce-id"])] += 1
        for queue in self.house.delay_queues():
            for message in self.house.broker.messages(queue):
                found[message.routing_key, str(message.headers["ce-id"])] += 1
        return found

    def held(self, queues: dict[str, str]) -> Counter[Name]:
        found: Counter[Name] = Counter()
        for queue, who in queues.items():
            try:
                messages = self.house.broker.messages(queue)
            except QueueMissing:
                continue
            found.update((who, str(message.headers["ce-id"])) for message in messages)
        return found


def ids_in(request: Request) -> list[str]:
    """The ids of the events that a request brings."""
    if "ce-id" in request.headers:
        return [request.headers["ce-id"]]
    return [document["id"] for document in json.loads(request.body)]


Promise.TestCase.settings = settings(
    stateful_step_count=30,
    suppress_health_check=[HealthCheck.too_slow],
)
TestPromise = Promise.TestCase
