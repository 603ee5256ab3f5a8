"""The recorder: every record is written once, whatever database, broker and records do."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from durian.broker.blocking import declare_all, publish_all
from durian.broker.clock import FakeClock
from durian.broker.memory import MemoryBroker
from durian.broker.port import Address, Done, Received
from durian.broker.topology import Topology
from durian.consumers import Recorder, record_writer, recorder
from durian.errors import PublishRejected, RegistryError, RegistryUnavailable
from durian.events.message import Message
from durian.registry.attempt import Attempt, joined
from tests.support.attempt_log import FakeLog
from tests.support.registry import attempt

NAMES = Topology()

#: Seconds since some attempts.
AGES = {"old": 40, "young": 3}


class Scene:
    """A recorder on the embedded broker, driven turn by turn by a clock that stands still."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.broker = MemoryBroker(self.clock)
        self.broker.start()
        declare_all(self.broker, NAMES.house())
        self.log = FakeLog()
        self.recorder = Recorder(
            self.broker, NAMES, self.log, keep_s=3600, keep=7, rng=random.Random(0)
        )
        self.recorder._intake.open()
        self.broker.run()

    def report(self, *names: str) -> None:
        """Publish the records of deliveries."""
        self.publish(*(attempt(name).to_json() for name in names))

    def publish(self, *bodies: bytes) -> None:
        to = Address(NAMES.attempts, "joe.delivered")
        message = Message(body=b"", content_type="application/json")
        publish_all(
            self.broker,
            [(Message(body=body, content_type=message.content_type), to) for body in bodies],
        )
        self.broker.run()

    def turn(self) -> float:
        pause_s = self.recorder.turn()
        self.broker.run()
        return pause_s

    @property
    def written(self) -> set[str]:
        return self.log.names()

    @property
    def waiting(self) -> int:
        """Records that are not settled."""
        return self.broker.ready(NAMES.attempts) + self.broker.unsettled(NAMES.attempts)

    def invalid(self) -> list[Message]:
        return self.broker.messages(NAMES.invalid)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_batch_is_written_and_then_acked(scene: Scene) -> None:
    scene.report("a", "b", "c")
    assert scene.waiting == 3

    scene.turn()
    assert scene.log.batches == [3]
    assert scene.waiting == 0
    assert scene.recorder.counts.recorded == 3


def test_it_knows_how_old_records_are_and_how_long_writing_took(scene: Scene) -> None:
    now = scene.clock.now()
    measures = scene.recorder.measures
    old, young = (attempt(name, at_ms=round((now - age_s) * 1000)) for name, age_s in AGES.items())
    scene.publish(young.to_json(), old.to_json())
    scene.log.away = True
    scene.turn()
    rests = [scene.recorder.resting]
    assert measures.backlog.read(now + 100, busy=scene.recorder.resting) == 140.0
    scene.log.away = False
    scene.turn()
    rests.append(scene.recorder.resting)
    assert rests == [True, False]
    assert measures.backlog.read(now) == 40.0
    assert sum(measures.writes.counts) == 1


def test_a_batch_has_its_limit(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "BATCH", 2)
    scene.report("a", "b", "c", "d", "e")
    scene.turn()

    assert scene.log.batches == [2, 2, 1]


def test_nothing_is_acked_that_is_not_written(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the batch that the database did not take, nor what would have been the next one."""
    monkeypatch.setattr(recorder, "BATCH", 1)
    scene.log.away = True
    scene.report("a", "b")
    scene.turn()

    assert scene.waiting == 2
    assert scene.broker.unsettled(NAMES.attempts) == 0, "given back, for nobody knows how long"


def test_while_the_database_is_away_nothing_is_held_or_handed_out(scene: Scene) -> None:
    """Handing records out again and again would burn their delivery limit."""
    scene.log.away = True
    scene.report("a")
    pauses = [scene.turn() for _ in range(30)]
    scene.report("b")

    assert scene.broker.unsettled(NAMES.attempts) == 0
    assert scene.broker.ready(NAMES.attempts) == 2
    assert all(0.05 <= pause <= 60 for pause in pauses)
    assert pauses[0] < 1
    assert pauses[-1] > 20, "the longer it is away, the longer the rest"
    [taken] = scene.broker.messages(NAMES.attempts)[:1]
    assert Attempt.from_json(taken.body).webhook_id == "a"


def test_when_it_is_back_everything_is_written(scene: Scene) -> None:
    scene.log.away = True
    scene.report("a", "b")
    for _ in range(5):
        scene.turn()
    scene.log.away = False
    scene.report("c")
    scene.turn()
    scene.turn()

    assert scene.written == {"a", "b", "c"}
    assert scene.waiting == 0


def test_the_rests_are_short_again_after_a_success(scene: Scene) -> None:
    scene.log.away = True
    scene.report("a")
    for _ in range(30):
        scene.turn()
    scene.log.away = False
    scene.turn()
    scene.turn()
    scene.log.away = True
    scene.report("b")

    assert scene.turn() < 1


def test_a_database_that_answers_and_refuses_everything_is_waited_for(scene: Scene) -> None:
    """After a failover it may be read only: no record is at fault."""
    scene.log.read_only = True
    scene.report("a", "b")
    for _ in range(10):
        scene.turn()
    assert scene.invalid() == []
    assert scene.broker.ready(NAMES.attempts) == 2

    scene.log.read_only = False
    scene.turn()
    scene.turn()
    assert scene.written == {"a", "b"}


@pytest.mark.parametrize("error", [RegistryError("it is odd"), OverflowError("too large")])
def test_a_record_that_is_refused_alone_is_set_aside(scene: Scene, error: Exception) -> None:
    scene.log.refused = {"b": error}
    scene.report("a", "b", "c")
    scene.turn()

    assert scene.written == {"a", "c"}
    assert scene.waiting == 0
    [aside] = scene.invalid()
    assert Attempt.from_json(aside.body).webhook_id == "b"
    assert str(error) in str(aside.headers["durian-reason"])
    assert (scene.recorder.counts.recorded, scene.recorder.counts.refused) == (2, 1)


def test_records_that_share_a_message_are_written_and_acked_together(scene: Scene) -> None:
    scene.publish(joined(attempt(name).to_json() for name in "abc"), attempt("d").to_json())
    scene.turn()
    assert scene.log.batches == [4]
    assert scene.waiting == 0
    assert scene.recorder.counts.recorded == 4


def test_a_transaction_has_its_limit(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_writer, "BATCH", 3)
    shared = [joined(attempt(f"{letter}{n}").to_json() for n in range(2)) for letter in "abc"]
    scene.publish(*shared, joined(attempt(f"d{n}").to_json() for n in range(5)))
    scene.turn()
    assert scene.log.batches == [2, 2, 2, 5]
    assert scene.waiting == 0


def test_of_a_message_with_a_record_that_is_refused_the_others_are_written(scene: Scene) -> None:
    scene.log.refused = {"b": RegistryError("it is odd")}
    body = joined(attempt(name).to_json() for name in "abc")
    scene.publish(body)
    scene.turn()
    assert scene.written == {"a", "c"}
    assert scene.waiting == 0
    [aside] = scene.invalid()
    assert aside.body == body
    assert (scene.recorder.counts.recorded, scene.recorder.counts.refused) == (2, 1)


def test_a_lone_record_that_is_refused_stops_nobody(scene: Scene) -> None:
    scene.log.refused = {"b": RegistryError("it is odd")}
    scene.report("b")
    scene.turn()
    scene.report("c")
    scene.turn()

    assert scene.written == {"c"}
    assert len(scene.invalid()) == 1


def test_a_database_that_goes_away_among_refusals_gets_the_rest_later(scene: Scene) -> None:
    scene.log.refused = {"b": RegistryError("it is odd")}
    scene.report("a", "b", "c")
    before = scene.log.check_attempts

    def check() -> None:
        scene.log.away = True
        before()

    scene.log.check_attempts = check  # type: ignore[method-assign]  # goes away at this moment
    scene.turn()
    assert scene.written == {"a"}
    assert scene.waiting == 2
    assert scene.invalid() == []

    scene.log.check_attempts = before  # type: ignore[method-assign]  # and comes back
    scene.log.away = False
    scene.turn()
    scene.turn()
    assert scene.written == {"a", "c"}
    assert len(scene.invalid()) == 1


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", json.dumps({"number": "x"}).encode()])
def test_what_is_no_record_is_set_aside(scene: Scene, body: bytes) -> None:
    scene.publish(body)
    scene.report("a")
    scene.turn()

    assert scene.written == {"a"}
    assert scene.waiting == 0
    [aside] = scene.invalid()
    assert aside.body == body
    assert "no attempt record" in str(aside.headers["durian-reason"])


def test_setting_aside_is_tried_until_the_broker_takes_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, refusals = scene.broker.publish, 2

    def publish(
        message: Message, to: Address, done: Done, *, cause: Received | None = None
    ) -> None:
        nonlocal refusals
        if to.exchange == NAMES.invalid and refusals:
            refusals -= 1
            done(PublishRejected())
        else:
            real(message, to, done, cause=cause)

    monkeypatch.setattr(scene.broker, "publish", publish)
    scene.publish(b"{}")
    scene.turn()
    assert scene.invalid() == []
    assert scene.waiting == 1, "it is not lost meanwhile"

    scene.broker.advance(5)
    assert len(scene.invalid()) == 1
    assert scene.waiting == 0


def test_records_of_a_lost_connection_are_taken_once(scene: Scene) -> None:
    scene.report("a", "b")
    scene.broker.lose()
    scene.broker.run()
    scene.turn()

    assert scene.log.batches == [2]
    assert scene.waiting == 0


def test_a_connection_that_flaps_fills_no_memory(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the database is slow, every loss of the connection brings the same records again."""
    monkeypatch.setattr(scene.recorder._intake, "_prefetch", 5)
    scene.report(*"abcde")
    for _ in range(20):
        scene.broker.lose()
        scene.broker.run()

    assert len(scene.recorder._intake) <= 10
    scene.turn()
    assert scene.written == set("abcde")


def test_what_comes_after_the_end_of_a_subscription_is_given_back(scene: Scene) -> None:
    """It was on its way, while the database went away."""
    scene.report("a")
    [late] = scene.recorder._intake.take(1)
    scene.recorder._intake.close()
    scene.recorder._intake._received(late)
    scene.broker.run()

    assert scene.broker.unsettled(NAMES.attempts) == 0
    assert scene.broker.ready(NAMES.attempts) == 1


def test_a_deleted_queue_is_made_and_consumed_again(scene: Scene) -> None:
    scene.broker.delete_queue(NAMES.attempts, lambda _error: None)
    scene.broker.advance(10)
    scene.report("a")
    scene.turn()

    assert scene.written == {"a"}


def test_old_records_are_pruned_now_and_then(scene: Scene) -> None:
    pause_s = scene.turn()
    before_ms = round((scene.clock.now() - 3600) * 1000)
    assert scene.log.pruned == [(before_ms, 7, recorder.PRUNE_ROWS)]
    assert pause_s == recorder.PRUNE_EVERY_S

    scene.turn()
    assert len(scene.log.pruned) == 1
    scene.broker.advance(recorder.PRUNE_EVERY_S)
    scene.turn()
    assert len(scene.log.pruned) == 2


def test_a_great_deal_to_prune_does_not_keep_records_waiting(scene: Scene) -> None:
    scene.log.to_prune = 5 * recorder.PRUNE_ROWS
    while (pause_s := scene.turn()) == recorder.PRUNE_PAUSE_S:
        scene.report(f"n{len(scene.log.pruned)}")
        scene.broker.advance(pause_s)

    assert len(scene.log.pruned) == 6
    assert scene.log.batches == [1] * 5
    assert scene.recorder.counts.pruned == 5 * recorder.PRUNE_ROWS


def test_pruning_that_fails_stops_no_recording(scene: Scene) -> None:
    def fail(**_: int) -> int:
        raise RegistryUnavailable

    scene.log.prune_attempts = fail  # type: ignore[method-assign]  # its statement takes too long
    assert scene.turn() == recorder.PRUNE_EVERY_S
    scene.report("a")
    scene.turn()

    assert scene.written == {"a"}


def test_a_fault_of_ours_is_survived(scene: Scene) -> None:
    def fail(**_: int) -> int:
        raise ZeroDivisionError

    prune, scene.log.prune_attempts = scene.log.prune_attempts, fail  # type: ignore[method-assign]  # a mistake
    scene.report("a")
    scene.turn()
    scene.log.prune_attempts = prune  # type: ignore[method-assign]  # corrected
    scene.report("b")
    scene.turn()
    scene.turn()

    assert scene.written == {"a", "b"}


# On a thread, as a process runs it.


@pytest.fixture
def running() -> Iterator[Callable[[FakeLog], tuple[MemoryBroker, Recorder]]]:
    """Starts a recorder on a broker with a thread of its own."""
    started: list[tuple[MemoryBroker, Recorder]] = []

    def start(log: FakeLog) -> tuple[MemoryBroker, Recorder]:
        broker = MemoryBroker()
        broker.start()
        one = Recorder(broker, NAMES, log)
        started.append((broker, one))
        one.start()
        return broker, one

    yield start
    for broker, one in started:
        one.stop()
        broker.stop()


def publish(broker: MemoryBroker, count: int) -> None:
    to = Address(NAMES.attempts, "joe.delivered")
    publish_all(
        broker,
        [
            (Message(body=attempt(f"n{n}").to_json(), content_type="application/json"), to)
            for n in range(count)
        ],
    )


def test_a_stop_writes_what_is_at_hand(
    running: Callable[[FakeLog], tuple[MemoryBroker, Recorder]],
) -> None:
    log = FakeLog()
    broker, one = running(log)
    publish(broker, 1200)
    one.stop()
    one.stop()

    assert len(log.records) + broker.ready(NAMES.attempts) == 1200
    assert len(log.records) == one.counts.recorded > 0
    assert broker.unsettled(NAMES.attempts) == 0
    assert max(log.batches) <= record_writer.BATCH


def test_a_stop_in_the_middle_of_a_batch_waits_for_it(
    running: Callable[[FakeLog], tuple[MemoryBroker, Recorder]],
) -> None:
    class SlowLog(FakeLog):
        begun, go_on = threading.Event(), threading.Event()

        def add_attempts(self, new: Sequence[Attempt]) -> None:
            self.begun.set()
            assert self.go_on.wait(30)
            super().add_attempts(new)

    log = SlowLog()
    broker, one = running(log)
    publish(broker, 3)
    assert log.begun.wait(30)
    stopping = threading.Thread(target=one.stop)
    stopping.start()
    log.go_on.set()
    stopping.join(30)

    assert len(log.records) == 3
    assert broker.ready(NAMES.attempts) == broker.unsettled(NAMES.attempts) == 0


def test_a_stop_does_not_wait_for_a_database_that_is_away(
    running: Callable[[FakeLog], tuple[MemoryBroker, Recorder]],
) -> None:
    log = FakeLog()
    log.away = True
    broker, one = running(log)
    publish(broker, 3)
    one.stop()

    assert not one._thread.is_alive()
    assert log.records == {}
    assert broker.ready(NAMES.attempts) == 3


def test_two_recorders_share_the_queue(
    running: Callable[[FakeLog], tuple[MemoryBroker, Recorder]],
) -> None:
    log = FakeLog()
    broker, first = running(log)
    second = Recorder(broker, NAMES, log)
    second.start()
    publish(broker, 500)
    first.stop()
    second.stop()

    assert len(log.records) + broker.ready(NAMES.attempts) == 500
    assert broker.unsettled(NAMES.attempts) == 0
