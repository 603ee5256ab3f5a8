"""Listeners come, go and come back while processes lag: no owner's queue is ever deleted.

Hypothesis tries orders of steps, also such as come between reading the registry and acting on it.
For thousands of them: `pytest --hypothesis-profile nightly tests/unit/control`.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from durian.broker.port import Done
from durian.errors import QueueMissing
from durian.events import Event
from durian.router import Router
from tests.support.whole import House, listener, status

NAMES = ("ann", "bob")

#: What is done with one listener.
ACTS = ("add", "remove", "change", "disable")

#: How many times a process asks the registry or the broker before something comes between.
Point = st.integers(1, 12)


class Interleavings(RuleBasedStateMachine):
    """Two routers and two delivery processes follow one registry, each when it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.house = House()
        self.house.sender.answer = lambda _request: status(200)
        self.second = Router(self.house.broker, self.house.topology, self.house.registry)
        late = self.house.another()
        deliveries = (self.house.delivery, late)
        self.routers = (self.house.router, self.second)
        self.processes = [one.follower for one in (*self.routers, *deliveries)]
        #: Who has to get which event, and the version of the listener that made it so.
        self.expected: dict[tuple[str, str], int] = {}
        self.emitted = 0
        self.between: Callable[[], None] | None = None
        self.left = 0
        self._watch()

    def _watch(self) -> None:
        """Let something come between, and look at every deletion."""
        broker, registry = self.house.broker, self.house.registry
        stream, inspect, delete = registry.stream, broker.inspect, broker.delete_queue

        def read(since: int) -> object:
            pages = list(stream(since))
            self.pass_by()
            return iter(pages)

        def inspected(queue: str, done: Callable[[object], None]) -> None:
            inspect(queue, done)
            self.pass_by()

        def deleted(name: str, done: Done) -> None:
            owner = name.removeprefix(self.house.topology.listener_queue(""))
            assert owner not in registry.listeners, f"{owner} has its queue no more"
            delete(name, done)

        registry.stream = read  # type: ignore[method-assign, assignment]  # with a step between
        broker.inspect = inspected  # type: ignore[method-assign, assignment]  # with a step between
        broker.delete_queue = deleted  # type: ignore[method-assign]  # looked at

    def pass_by(self) -> None:
        self.left -= 1
        if self.between is not None and self.left <= 0:
            between, self.between = self.between, None
            between()

    @rule(who=st.sampled_from(NAMES), act=st.sampled_from(ACTS))
    def change(self, who: str, act: str) -> None:
        registry = self.house.registry
        if act == "remove":
            if who in registry.listeners:
                registry.remove(who)
                self.expected = {
                    name: version for name, version in self.expected.items() if name[0] != who
                }
        elif act == "add" or who in registry.listeners:
            registry.put(listener(who, enabled=act != "disable"))

    @rule(process=st.integers(0, 3))
    def follow(self, process: int) -> None:
        self.processes[process].catch_up()
        self.house.settle()

    @rule(
        process=st.integers(0, 3), who=st.sampled_from(NAMES), act=st.sampled_from(ACTS), at=Point
    )
    def follow_while_it_changes(self, process: int, who: str, act: str, at: int) -> None:
        self.left = at
        self.between = lambda: self.change(who, act)
        self.processes[process].catch_up()
        self.between = None
        self.house.settle()

    @rule(process=st.integers(0, 3), other=st.integers(0, 3), at=Point)
    def follow_while_another_follows(self, process: int, other: int, at: int) -> None:
        self.left = at
        if other != process:
            self.between = self.processes[other].catch_up
        self.processes[process].catch_up()
        self.between = None
        self.house.settle()

    @rule()
    def wait(self) -> None:
        """Long enough for a lane to declare its queue again when that is gone."""
        self.house.advance(6, steps=2)

    @rule()
    def emit(self) -> None:
        """Who is known to both routers as it is now has to get it, whichever routes it."""
        self.emitted += 1
        event = Event(id=f"e{self.emitted}", type="person", data={})
        known = min(router.follower.version for router in self.routers)
        for version, each in self.house.registry.listeners.values():
            if each.enabled and version <= known:
                self.expected[each.id, event.id] = version
        self.house.emit(event)

    @invariant()
    def what_has_to_arrive_has_or_waits(self) -> None:
        assert self.expected.keys() <= self.arrived() | self.waiting()

    def teardown(self) -> None:
        """When everybody has followed, everything arrives, and nothing is left of who is gone."""
        for who in list(self.house.registry.listeners):
            self.house.registry.put(listener(who))
        for _ in range(2):
            for process in self.processes:
                process.catch_up()
                self.house.settle()
        self.house.advance(10, steps=2)
        assert self.expected.keys() <= self.arrived()
        queues = {who for who in NAMES if self.exists(who)}
        assert queues == self.house.registry.listeners.keys()

    def arrived(self) -> set[tuple[str, str]]:
        return {(one.listener_id, one.headers["ce-id"]) for one in self.house.sender.requests}

    def waiting(self) -> set[tuple[str, str]]:
        broker, topology = self.house.broker, self.house.topology
        return {
            (who, str(message.headers["ce-id"]))
            for who in NAMES
            if self.exists(who)
            for message in broker.messages(topology.listener_queue(who))
        }

    def exists(self, who: str) -> bool:
        try:
            self.house.broker.ready(self.house.topology.listener_queue(who))
        except QueueMissing:
            return False
        return True


Interleavings.TestCase.settings = settings(
    stateful_step_count=30,
    suppress_health_check=[HealthCheck.too_slow],
)
TestInterleavings = Interleavings.TestCase
