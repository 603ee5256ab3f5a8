"""Questions to the registry: each is answered once, in time, on the loop."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from durian.broker.clock import FakeClock
from durian.broker.memory import MemoryBroker
from durian.consumers.registry_thread import AWAY_S, PATIENCE_S, RegistryThread
from durian.errors import DurianError, NotFound, RegistryUnavailable


class Scene:
    """A thread that works when it is told to."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.broker = MemoryBroker(self.clock)
        self.broker.start()
        self.todo: list[Callable[[], None]] = []
        self.registry = RegistryThread(self.broker, self.todo.append)
        self.asked: list[str] = []
        self.answers: list[object] = []

    def ask(self, name: str, error: Exception | None = None) -> None:
        def question() -> str:
            self.asked.append(name)
            if error is not None:
                raise error
            return name.upper()

        def answer(found: str | DurianError) -> None:
            self.answers.append(found)

        self.broker.call(lambda: self.registry.ask(question, answer))

    def work(self) -> None:
        while self.todo:
            self.todo.pop(0)()
        self.broker.run()

    def kinds(self) -> list[type]:
        return [type(answer) for answer in self.answers]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_questions_are_asked_in_their_order(scene: Scene) -> None:
    scene.ask("a")
    scene.ask("b")
    assert scene.answers == []
    scene.work()
    scene.broker.advance(100)
    assert scene.answers == ["A", "B"]


def test_an_error_is_an_answer(scene: Scene) -> None:
    scene.ask("a", NotFound("No listener a exists."))
    scene.ask("b")
    scene.work()
    assert scene.kinds() == [NotFound, str]


def test_a_fault_of_ours_is_one_too(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.ask("a", ZeroDivisionError())
    scene.ask("b")
    scene.work()
    assert scene.kinds() == [DurianError, str]
    assert "delivery.registry_question_failed" in caplog.text


def test_a_registry_that_is_away_is_left_alone_for_a_while(scene: Scene) -> None:
    scene.ask("a", RegistryUnavailable())
    scene.work()
    scene.ask("b")
    assert scene.kinds() == [RegistryUnavailable, RegistryUnavailable]
    assert scene.asked == ["a"]
    scene.broker.advance(AWAY_S)
    scene.ask("c")
    scene.work()
    assert scene.answers[2] == "C"


def test_a_registry_that_hangs_makes_nobody_wait(scene: Scene) -> None:
    scene.ask("a")
    scene.ask("b")
    scene.broker.advance(PATIENCE_S)
    assert scene.kinds() == [RegistryUnavailable, RegistryUnavailable]
    # An answer that comes later is nobody's, and what nobody waits for is not asked.
    scene.work()
    assert len(scene.answers) == 2
    assert scene.asked == []


def test_who_asks_after_the_stop_is_answered_as_well(scene: Scene) -> None:
    """An attempt may end later than the process wanted to wait for it."""
    scene.registry.stop()
    scene.ask("a")
    scene.work()
    assert scene.kinds() == [RegistryUnavailable]
    assert scene.asked == []


def test_it_has_a_thread_of_its_own() -> None:
    broker = MemoryBroker()
    broker.start()
    registry = RegistryThread(broker)
    told = threading.Event()
    names: list[str] = []

    def answer(found: str | DurianError) -> None:
        assert isinstance(found, str)
        names.extend((found, threading.current_thread().name))
        told.set()

    broker.call(lambda: registry.ask(lambda: threading.current_thread().name, answer))
    assert told.wait(10)
    assert names == ["durian-registry_0", "durian-broker"]
    registry.stop()
    broker.stop()


def test_a_stop_waits_for_the_question_that_is_being_asked() -> None:
    """Whoever stops closes the database next."""
    broker = MemoryBroker(FakeClock())
    broker.start()
    registry = RegistryThread(broker)
    asked, answers = threading.Event(), threading.Event()

    def question() -> None:
        asked.set()
        answers.wait(20)

    broker.call(lambda: registry.ask(question, lambda _: None))
    assert asked.wait(20)
    stop = threading.Thread(target=registry.stop)
    stop.start()
    assert stop.is_alive()
    answers.set()
    stop.join(20)
    assert not stop.is_alive()
