"""Looking at dead letters, sending them again, throwing them away."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from durian.broker.blocking import declare_all, publish_all
from durian.broker.memory import MemoryBroker
from durian.broker.port import Address
from durian.broker.topology import Topology
from durian.consumers.dead_letters import DeadLetter, DeadLetters
from durian.consumers.decision import BLOCKED
from durian.consumers.delivery import Delivery
from durian.consumers.side_queue import WINDOW
from durian.events import Event, amqp

TOPOLOGY = Topology()
COUNT = 3 * WINDOW


@pytest.fixture
def broker() -> Iterator[MemoryBroker]:
    broker = MemoryBroker()
    broker.start()
    parts = (*TOPOLOGY.house(), *TOPOLOGY.listener("joe"), *TOPOLOGY.dead_letters("joe"))
    declare_all(broker, parts)
    yield broker
    broker.stop()


@pytest.fixture
def letters(broker: MemoryBroker) -> DeadLetters:
    """Many dead letters of joe."""
    messages = []
    for number in range(COUNT):
        event = amqp.encode(Event(id=f"e{number}", source="/s", type="person", data=number))
        dead = Delivery.of("joe", event).given_up("10 attempts failed", "status 500", 1_800_000_000)
        messages.append((dead, Address(TOPOLOGY.dead, "joe")))
    publish_all(broker, messages)
    return DeadLetters(broker, TOPOLOGY)


def ids(broker: MemoryBroker, queue: str) -> list[str]:
    return [str(message.headers["ce-id"]) for message in broker.messages(queue)]


def test_browsing_shows_and_leaves_them(letters: DeadLetters, broker: MemoryBroker) -> None:
    before = ids(broker, TOPOLOGY.dead_queue("joe"))
    [first, second] = letters.browse("joe", limit=2)
    assert (first.event_id, second.event_id) == ("e0", "e1")
    assert first.event_type == "person"
    assert first.reason == "10 attempts failed"
    assert first.error == "status 500"
    assert first.attempts == 1
    assert first.dead_at_ms == 1_800_000_000_000
    assert first.body == b"0"
    assert letters.count("joe") == COUNT
    assert ids(broker, TOPOLOGY.dead_queue("joe")) == before


def test_a_listener_without_dead_letters_has_none(letters: DeadLetters) -> None:
    assert letters.count("bo") == 0
    assert letters.browse("bo") == []
    assert letters.replay("bo").count == 0
    assert letters.purge("bo").count == 0


def test_replay_sends_all_again_from_the_first_attempt(
    letters: DeadLetters, broker: MemoryBroker
) -> None:
    seen: list[tuple[int, int]] = []
    report = letters.replay("joe", progress=lambda done, total: seen.append((done, total)))
    assert report.count == COUNT
    assert letters.count("joe") == 0
    queue = TOPOLOGY.listener_queue("joe")
    assert ids(broker, queue) == [f"e{number}" for number in range(COUNT)]
    assert not [
        name
        for message in broker.messages(queue)
        for name in message.headers
        if name.startswith("durian-")
    ]
    assert seen == [(number, COUNT) for number in range(1, COUNT + 1)]


def test_replay_of_some_leaves_the_others_in_their_order(
    letters: DeadLetters, broker: MemoryBroker
) -> None:
    wanted = [letter for letter in letters.browse("joe", limit=COUNT) if letter.body in b"5 70"]
    named = {letter.webhook_id for letter in wanted} | {"msg_unknown"}
    report = letters.replay("joe", webhook_ids=named)
    expected = [letter.event_id for letter in wanted]
    assert (report.count, report.missing) == (len(expected), ["msg_unknown"])
    assert ids(broker, TOPOLOGY.listener_queue("joe")) == expected
    left = [f"e{number}" for number in range(COUNT) if f"e{number}" not in expected]
    assert ids(broker, TOPOLOGY.dead_queue("joe")) == left


def test_two_replays_at_a_time_send_each_once(letters: DeadLetters, broker: MemoryBroker) -> None:
    sent: list[int] = []
    both = [
        threading.Thread(target=lambda: sent.append(letters.replay("joe").count)) for _ in range(2)
    ]
    for replay in both:
        replay.start()
    for replay in both:
        replay.join()
    assert sum(sent) == COUNT
    assert sorted(ids(broker, TOPOLOGY.listener_queue("joe"))) == sorted(
        f"e{number}" for number in range(COUNT)
    )


def test_a_stopped_replay_leaves_the_rest(letters: DeadLetters, broker: MemoryBroker) -> None:
    stop = threading.Event()

    def watch(done: int, _total: int) -> None:
        if done == 10:
            stop.set()

    assert letters.replay("joe", stop=stop, progress=watch).count == 10
    assert letters.count("joe") == COUNT - 10
    assert len(ids(broker, TOPOLOGY.listener_queue("joe"))) == 10


def test_purging_throws_all_away(letters: DeadLetters) -> None:
    assert letters.purge("joe").count == COUNT
    assert letters.count("joe") == 0


def test_purging_some_leaves_the_others(letters: DeadLetters, broker: MemoryBroker) -> None:
    [first, second, *_] = letters.browse("joe")
    report = letters.purge("joe", webhook_ids={second.webhook_id, "msg_unknown"})
    assert (report.count, report.missing) == (1, ["msg_unknown"])
    left = ids(broker, TOPOLOGY.dead_queue("joe"))
    assert sorted(left) == sorted(f"e{number}" for number in range(COUNT) if number != 1)
    assert first.event_id in left


def test_an_owner_does_not_read_that_an_address_is_guarded() -> None:
    delivery = Delivery.of("joe", amqp.encode(Event(type="person")))
    letters = [
        DeadLetter.of("joe", delivery.given_up(reason, error, 0))
        for reason, error in (
            (BLOCKED, "blocked: the address is not public"),
            ("3 attempts failed", "refused: nothing listens there"),
            ("status 404 is not retried", "status 404"),
        )
    ]
    assert [(one.public_reason, one.public_error) for one in letters] == [
        ("could not connect", "could not connect"),
        ("3 attempts failed", "could not connect"),
        ("status 404 is not retried", "status 404"),
    ]
