"""Replays that something comes in the way of: what is safe is not sent again, nothing is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from durian.broker.memory import MemoryBroker
from durian.broker.port import Address, Done, Received
from durian.broker.topology import Topology
from durian.consumers import replay_run
from durian.consumers.replay import Replayer
from durian.consumers.replay_run import AT_RISK, LEASE_S, WINDOW
from durian.errors import (
    Conflict,
    InvalidFilter,
    NotFound,
    PublishRejected,
    RegistryUnavailable,
)
from durian.events import Event, amqp
from durian.events.message import Message
from durian.registry import Listener
from durian.registry.replay import Replay
from tests.support.archive import NAMES, Scene, asked, embedded, events
from tests.support.broker import eventually

COUNT = 2000


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = embedded(tmp_path)
    yield scene
    scene.broker.stop()
    scene.store.close()


class Saving:
    """The registry, with something that happens before each write of a replay's place."""

    def __init__(self, scene: Scene, before: Callable[[Replay], None]) -> None:
        self._store = scene.store
        self._before = before
        self.saved: list[Replay] = []

    def get_listener(self, listener_id: str) -> Listener:
        return self._store.get_listener(listener_id)

    def add_replay(self, replay: Replay, lease_s: float) -> Replay:
        return self._store.add_replay(replay, lease_s)

    def take_replay(self, replay_id: str, holder: str, lease_s: float) -> Replay:
        return self._store.take_replay(replay_id, holder, lease_s)

    def save_replay(self, replay: Replay, lease_s: float) -> bool:
        self._before(replay)
        self.saved.append(replay)
        return self._store.save_replay(replay, lease_s)


class Power:
    """Fails once so many events are safe, and ever after."""

    def __init__(self, error: BaseException, sent: int) -> None:
        self._error = error
        self._sent = sent

    def __call__(self, replay: Replay) -> None:
        if replay.sent >= self._sent:
            raise self._error


def wanted(count: int = COUNT) -> list[str]:
    return [f"e{number}" for number in range(0, count, 2)]


def test_a_crash_sends_again_at_most_what_was_at_risk(scene: Scene) -> None:
    """A process that dies writes nothing more; here it is its registry that takes nothing more."""
    scene.emit(events(COUNT))
    with pytest.raises(KeyboardInterrupt):
        scene.replayer(Saving(scene, Power(KeyboardInterrupt(), 500))).begin(asked())
    before = scene.ids()
    lost = scene.store.get_replay("r-1")
    assert 0 < lost.sent < 500 <= len(before) < len(wanted())

    with pytest.raises(Conflict, match="is running"):
        scene.replayer().resume("r-1")
    scene.store._now = lambda: time.time() + LEASE_S + 1
    done = scene.replayer().resume("r-1")

    sent = scene.ids()
    assert sorted(set(sent)) == sorted(wanted())
    assert len(sent) - len(wanted()) == len(before) - lost.sent <= AT_RISK
    assert (done.seen, done.sent) == (COUNT, len(wanted()))


def test_a_place_is_saved_only_behind_what_is_confirmed(scene: Scene) -> None:
    saving = Saving(scene, lambda replay: confirmed.append((replay.sent, len(held.done))))
    confirmed: list[tuple[int, int]] = []
    held = Reluctant(scene.broker)
    scene.emit(events(COUNT))

    held.replayer(saving, scene).begin(asked())

    assert len(saving.saved) > len(wanted()) // AT_RISK
    assert [sent for sent, done in confirmed if sent > done] == []
    assert held.most <= WINDOW


class Reluctant:
    """A broker that confirms in bunches, the last first."""

    def __init__(self, broker: object) -> None:
        assert isinstance(broker, MemoryBroker)
        self.broker = broker
        self.done: list[str] = []
        self.most = 0
        self._waiting: list[tuple[Message, Address, Done]] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self.broker, name)

    def replayer(self, saving: Saving, scene: Scene) -> Replayer:
        return Replayer(self, NAMES, saving, stop=scene.stop)  # type: ignore[arg-type]  # by name

    def publish(
        self, message: Message, to: Address, done: Done, *, cause: Received | None = None
    ) -> None:
        assert cause is None
        if to.exchange != NAMES.deliver:
            self.broker.publish(message, to, done)
            return
        self._waiting.append((message, to, done))
        self.most = max(self.most, len(self._waiting))
        if len(self._waiting) in (WINDOW, 1):
            self.broker.call_later(0.01, self._confirm)

    def _confirm(self) -> None:
        waiting, self._waiting = self._waiting, []
        for message, to, done in reversed(waiting):
            self.done.append(str(message.headers["ce-id"]))
            self.broker.publish(message, to, done)


def test_a_registry_that_is_away_for_a_while_is_waited_for(scene: Scene) -> None:
    away = 3
    sent_meanwhile: list[int] = []

    def before(replay: Replay) -> None:
        nonlocal away
        if replay.sent > 100 and away:
            away -= 1
            sent_meanwhile.append(len(scene.broker.messages(NAMES.listener_queue("joe"))))  # type: ignore[attr-defined]  # the embedded broker's
            raise RegistryUnavailable

    scene.emit(events(COUNT))
    done = scene.replayer(Saving(scene, before)).begin(asked())

    assert done.state == "done"
    assert scene.ids() == wanted()
    assert max(sent_meanwhile) <= AT_RISK + WINDOW


def test_a_registry_that_stays_away_ends_it(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_run, "LEASE_S", replay_run._LEASE_MARGIN_S + 0.5)
    scene.emit(events(COUNT))

    with pytest.raises(RegistryUnavailable):
        scene.replayer(Saving(scene, Power(RegistryUnavailable(), 100))).begin(asked())

    found = scene.store.get_replay("r-1")
    assert (found.state, found.is_held) == ("running", True)
    assert found.sent < 100


def test_a_rate_is_kept_and_its_waits_end_at_once(scene: Scene) -> None:
    scene.emit(events(60))
    began = time.monotonic()
    scene.replay(rate_per_s=100.0)
    assert time.monotonic() - began > 0.2

    slow = threading.Thread(target=scene.replay, args=("r-2",), kwargs={"rate_per_s": 0.001})
    slow.start()
    eventually(lambda: scene.store.list_replays()[0].end_offset is not None)
    eventually(lambda: len(scene.ids()) > 30)
    scene.stop.set()
    slow.join(timeout=30)
    assert not slow.is_alive()
    assert len(scene.ids()) == 31


def test_a_batch_is_sent_whole_or_again(scene: Scene) -> None:
    one = '{"specversion":"1.0","id":"%d","source":"/s","type":"person","data":{"name":"Joe"}}'
    body = f"[{','.join(one % number for number in range(50))}]".encode()
    batch = Message(body=body, content_type="application/cloudevents-batch+json")
    scene.publish([batch] * (AT_RISK // 50 + 4))

    stopping = threading.Thread(target=scene.replay, kwargs={"rate_per_s": 100.0})
    stopping.start()
    eventually(lambda: scene.store.list_replays() != [] and len(scene.ids()) > 60)
    scene.stop.set()
    stopping.join()
    stopped = scene.store.get_replay("r-1")
    assert stopped.sent % 50 == 0
    again = len(scene.ids()) - stopped.sent
    assert 0 <= again < 50

    scene.stop.clear()
    done = scene.replayer().resume("r-1")
    assert done.sent == 50 * (AT_RISK // 50 + 4)
    assert len(scene.ids()) == done.sent + again


def test_what_the_broker_rejects_ends_it_before_that_event(scene: Scene) -> None:
    class Full(Reluctant):
        def publish(
            self, message: Message, to: Address, done: Done, *, cause: Received | None = None
        ) -> None:
            assert cause is None
            if message.headers.get("ce-id") == "e10":
                done(PublishRejected())
            else:
                self.broker.publish(message, to, done)

    scene.emit(events(200))
    with pytest.raises(PublishRejected):
        Full(scene.broker).replayer(Saving(scene, lambda _: None), scene).begin(asked())

    failed = scene.store.get_replay("r-1")
    assert (failed.state, failed.sent) == ("failed", 5)
    assert failed.error
    scene.replayer().resume("r-1")
    assert set(scene.ids()) == set(wanted(200))


def test_an_archive_that_was_lost_is_not_taken_for_the_one_before(
    scene: Scene, tmp_path: Path
) -> None:
    """The embedded broker forgets everything when it ends; the registry does not."""
    scene.emit(events(100))
    scene.stop.set()
    scene.replay()
    (tmp_path / "other").mkdir()
    other = embedded(tmp_path / "other")
    other.emit(events(300))

    with pytest.raises(Conflict, match="The archive no longer holds what replay r-1 was reading"):
        Replayer(other.broker, NAMES, scene.store).resume("r-1")

    assert other.store.list_replays() == []
    assert scene.store.get_replay("r-1").state == "failed"
    other.broker.stop()
    other.store.close()


def test_a_listener_that_is_removed_ends_it(scene: Scene) -> None:
    scene.emit(events(COUNT))
    ended: list[Exception] = []

    def replay() -> None:
        try:
            scene.replay(rate_per_s=100.0)
        except Conflict as error:
            ended.append(error)

    going = threading.Thread(target=replay)
    going.start()
    eventually(lambda: scene.store.list_replays() != [] and len(scene.ids()) > 3)
    scene.store.remove_listener("joe")
    going.join()

    assert "its listener is gone" in str(ended)


def test_who_is_not_there_gets_nothing(scene: Scene) -> None:
    with pytest.raises(NotFound, match="No listener zoe exists"):
        scene.replay(listener_id="zoe")
    with pytest.raises(NotFound, match="No listener zoe exists"):
        scene.replayer().preview("zoe", since=None, until=None)


def test_what_cannot_be_read_is_passed_over(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of ours in reading one message must not be the end of all others."""
    decode = amqp.decode

    def mistaken(message: Message) -> tuple[Event, ...]:
        if message.message_id == "e2":
            raise RuntimeError
        return decode(message)

    scene.emit(events(6))
    monkeypatch.setattr(amqp, "decode", mistaken)
    scene.replay()
    assert scene.ids() == ["e0", "e4"]


def test_durians_own_events_are_for_those_who_ask_for_them(scene: Scene) -> None:
    scene.add("all", event="#")
    scene.add("own", event="durian.#")
    scene.emit(events(1, type="durian.listener.failing"))

    scene.replay("r-1", listener_id="all")
    scene.replay("r-2", listener_id="own")

    assert (scene.ids("all"), scene.ids("own")) == ([], ["e0"])


def test_a_filter_that_cannot_be_read_is_an_error(scene: Scene) -> None:
    """A row of another version, or written by hand."""
    with scene.store._database.locked() as connection:
        connection.exec_driver_sql("UPDATE durian_listeners SET filter = '[]'")
    with pytest.raises(InvalidFilter):
        scene.replay()
    assert scene.store.get_replay("r-1").state == "failed"


def test_another_prefix_has_another_archive(scene: Scene) -> None:
    other = Topology("other")
    scene.broker.declare(other.house(), lambda _: None)
    scene.emit(events(4))
    Replayer(scene.broker, other, scene.store).begin(asked())
    assert scene.store.get_replay("r-1").seen == 0
