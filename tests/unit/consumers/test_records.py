"""Records of attempts on their way: what comes fast shares a message, and all are told."""

from __future__ import annotations

import pytest

from durian.broker.clock import FakeClock
from durian.broker.memory import MemoryBroker
from durian.broker.port import Address, Done, Received
from durian.broker.topology import Topology
from durian.consumers import records
from durian.consumers.records import Records
from durian.errors import BrokerError, PublishRejected
from durian.events.message import Message
from durian.registry.attempt import Result, attempts_of
from tests.support.registry import attempt


class SlowBroker(MemoryBroker):
    """A broker that confirms when the test says so."""

    def __init__(self) -> None:
        super().__init__(FakeClock())
        self.sent: list[tuple[str, list[str]]] = []
        self._unconfirmed: list[Done] = []

    def publish(
        self, message: Message, to: Address, done: Done, *, cause: Received | None = None
    ) -> None:
        assert to.exchange == "durian.attempts"
        assert cause is None
        assert message.content_type == "application/json"
        names = [one.webhook_id for one in attempts_of(message.body)]
        self.sent.append((to.routing_key, names))
        self._unconfirmed.append(done)

    def confirm(self, error: BrokerError | None = None) -> None:
        """Answer the oldest publish."""
        done = self._unconfirmed.pop(0)
        self.call(lambda: done(error))
        self.run()


class Scene:
    def __init__(self) -> None:
        self.broker = SlowBroker()
        self.broker.start()
        self.records = Records(self.broker, Topology())
        self.safe: list[str] = []
        self.refused: list[str] = []

    def add(self, *names: str, listener: str = "joe", result: Result = "delivered") -> None:
        """Record attempts that end in one turn of the loop."""

        def turn() -> None:
            for name in names:
                self._add(name, listener, result)

        self.broker.call(turn)
        self.broker.run()

    def _add(self, name: str, listener: str, result: Result) -> None:
        def done(error: BrokerError | None) -> None:
            (self.safe if error is None else self.refused).append(name)

        self.records.add(attempt(name, listener_id=listener, result=result), done)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_record_that_comes_alone_goes_at_once(scene: Scene) -> None:
    scene.add("a")
    assert scene.broker.sent == [("joe.delivered", ["a"])]
    assert scene.safe == []
    scene.broker.confirm()
    assert scene.safe == ["a"]
    scene.add("b")
    assert scene.broker.sent[1:] == [("joe.delivered", ["b"])]


def test_what_comes_in_one_turn_shares_a_message(scene: Scene) -> None:
    scene.add("a", "b", "c")
    assert scene.broker.sent == [("joe.delivered", ["a", "b", "c"])]
    scene.broker.confirm()
    assert scene.safe == ["a", "b", "c"]


def test_what_comes_while_a_message_is_unconfirmed_goes_together_after_it(scene: Scene) -> None:
    scene.add("a")
    scene.add("b")
    scene.add("c")
    assert scene.broker.sent == [("joe.delivered", ["a"])]
    scene.broker.confirm()
    assert scene.safe == ["a"]
    assert scene.broker.sent[1:] == [("joe.delivered", ["b", "c"])]
    scene.broker.confirm()
    assert scene.safe == ["a", "b", "c"]


def test_listeners_and_results_wait_for_none_but_their_own(scene: Scene) -> None:
    scene.add("a")
    scene.add("b", result="retry")
    scene.add("c", listener="ann")
    assert [key for key, _ in scene.broker.sent] == ["joe.delivered", "joe.retry", "ann.delivered"]


def test_a_full_message_does_not_wait(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MOST_RECORDS", 2)
    scene.add("a")
    scene.add("b", "c", "d")
    assert [names for _, names in scene.broker.sent] == [["a"], ["b", "c"]]
    scene.broker.confirm()
    assert len(scene.broker.sent) == 2, "another message is unconfirmed still"
    scene.broker.confirm()
    assert [names for _, names in scene.broker.sent[2:]] == [["d"]]
    scene.broker.confirm()
    assert scene.safe == ["a", "b", "c", "d"]


def test_a_message_has_its_limit_in_bytes(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MOST_BYTES", 1)
    scene.add("a", "b")
    assert [names for _, names in scene.broker.sent] == [["a"]]
    scene.broker.confirm()
    assert [names for _, names in scene.broker.sent] == [["a"], ["b"]]


def test_a_message_that_is_refused_is_refused_for_all_and_the_next_one_goes(scene: Scene) -> None:
    scene.add("a", "b")
    scene.add("c")
    scene.broker.confirm(PublishRejected())
    assert scene.refused == ["a", "b"]
    scene.broker.confirm()
    assert scene.safe == ["c"]
    scene.add("d")
    assert scene.broker.sent[-1] == ("joe.delivered", ["d"])
