"""Queues of listeners: a wrong one hurts only its listener, and none with an owner is deleted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from durian.broker.parts import Queue
from durian.broker.port import Address, Done
from durian.control.check import CHECK_EVERY_S, CHECK_MOST
from durian.errors import BrokerUnavailable, QueueMissing, RegistryUnavailable
from durian.events import Event, amqp
from tests.support.whole import House, listener, status

WRONG = "durian.listener.bad"


@pytest.fixture
def house() -> House:
    return House()


def queue(house: House, name: str) -> str:
    return house.topology.listener_queue(name)


def exists(house: House, name: str) -> bool:
    try:
        house.broker.ready(queue(house, name))
    except QueueMissing:
        return False
    return True


def spoil(house: House) -> None:
    """Declare a listener's queue by hand, with other arguments than Durian gives it."""
    part = Queue(WRONG, {"x-queue-type": "classic", "x-max-length": 3})
    house.broker.declare([part], _done)


def mend(house: House) -> None:
    house.broker.delete_queue(WRONG, _done)
    house.follow()


def _done(error: object) -> None:
    assert error is None


def receivers(house: House) -> list[str]:
    return sorted(request.listener_id for request in house.sender.requests)


def emit(house: House, number: int) -> None:
    house.emit(Event(id=str(number), type="person", data=number))


def reasons(caplog: pytest.LogCaptureFixture, event: str) -> list[str]:
    messages = [record.getMessage() for record in caplog.records]
    return [message for message in messages if message.startswith(event)]


def test_a_queue_declared_by_hand_hurts_only_its_listener(house: House) -> None:
    spoil(house)
    house.add(listener("ann"), listener("bad"), listener("eve"))
    house.add(listener("zoe"))
    emit(house, 1)
    assert receivers(house) == ["ann", "eve", "zoe"]


def test_what_a_listener_without_a_usable_queue_misses_lies_in_its_dead_letters(
    house: House,
) -> None:
    spoil(house)
    house.add(listener("bad"), listener("eve"))
    emit(house, 1)
    [letter] = house.broker.messages(house.topology.dead_queue("bad"))
    assert letter.body == b"1"
    assert letter.headers["ce-id"] == "1"
    assert letter.headers["durian-reason"] == (
        "the listener's queue has other arguments than it needs"
    )
    assert letter.headers["durian-dead-at"] == str(round(house.clock.now() * 1000))
    assert house.broker.ready(WRONG) == 0


def test_an_unusable_queue_is_named_once_and_so_is_its_mending(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    spoil(house)
    house.add(listener("bad"))
    for _ in range(3):
        house.follow()
    mend(house)
    house.follow()
    processes = 2
    told = reasons(caplog, "listener.queue_unusable listener=bad error=Queue durian.listener.bad")
    assert len(told) == processes
    assert len(reasons(caplog, "listener.queue_usable listener=bad")) == processes


def test_a_queue_that_was_mended_is_used_from_the_next_look_on(house: House) -> None:
    spoil(house)
    house.add(listener("bad"))
    emit(house, 1)
    mend(house)
    emit(house, 2)
    assert [request.headers["ce-id"] for request in house.sender.requests] == ["2"]
    house.sender.requests.clear()
    emit(house, 3)
    assert receivers(house) == ["bad"]


def test_a_mended_listener_is_not_forgotten_when_the_registry_fails_just_then(
    house: House,
) -> None:
    spoil(house)
    house.add(listener("bad"))
    house.broker.delete_queue(WRONG, _done)
    house.registry.away = True
    with pytest.raises(RegistryUnavailable):
        house.delivery.follower.catch_up()
    house.registry.away = False
    house.follow()
    emit(house, 1)
    assert receivers(house) == ["bad"]


def test_an_unusable_queue_of_a_removed_or_disabled_listener_concerns_nobody(house: House) -> None:
    spoil(house)
    house.add(listener("bad"))
    house.add(listener("bad", enabled=False))
    emit(house, 1)
    house.add(listener("bad"))
    house.registry.remove("bad")
    house.follow()
    house.add(listener("ann"))
    emit(house, 2)
    assert receivers(house) == ["ann"]
    assert not exists(house, "bad"), "its queue went with it"


def test_dead_letters_whose_queue_is_wrong_as_well_are_kept(house: House) -> None:
    spoil(house)
    house.broker.declare(
        [Queue(house.topology.dead_queue("bad"), {"x-queue-type": "classic"})], _done
    )
    house.add(listener("bad"), listener("ann"))
    emit(house, 1)
    assert house.broker.ready(house.topology.orphans) == 1
    assert receivers(house) == ["ann"]


def look_later(house: House) -> None:
    """Let both processes look at queues: the first look asks, the next one hears the answer."""
    house.advance(CHECK_EVERY_S, steps=1)
    house.follow()
    house.follow()


def test_a_queue_that_rests_is_missed_when_somebody_deletes_it(house: House) -> None:
    """Nobody consumes it, and what is routed to it and to others would vanish in silence."""
    house.add(listener("ann"), listener("joe", paused=True))
    house.broker.delete_queue(queue(house, "joe"), _done)
    look_later(house)
    emit(house, 1)
    assert house.broker.ready(queue(house, "joe")) == 1
    house.add(listener("joe"))
    assert receivers(house) == ["ann", "joe"]


def test_a_queue_that_somebody_declares_otherwise_is_not_used_any_more(house: House) -> None:
    house.add(listener("ann"), listener("bad", paused=True))
    house.broker.delete_queue(WRONG, _done)
    spoil(house)
    look_later(house)
    emit(house, 1)
    assert receivers(house) == ["ann"]
    assert house.broker.ready(house.topology.dead_queue("bad")) == 1
    house.add(listener("bad"))
    mend(house)
    emit(house, 2)
    assert receivers(house) == ["ann", "ann", "bad"]


def test_a_queue_that_is_wrong_does_not_make_others_begin_anew(house: House) -> None:
    """Failures in a row are counted on while another listener of the same round is unready."""
    house.add(listener("joe"), listener("bad", paused=True))
    house.broker.delete_queue(WRONG, _done)
    spoil(house)
    look_later(house)
    house.sender.answer = lambda _request: status(500)
    for number in range(10):
        emit(house, number)
        look_later(house)
    assert list(house.registry.breakers) == ["joe"]


def test_a_broker_that_is_away_keeps_nobody_from_being_disabled(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.add(listener("joe"), listener("ann"))
    monkeypatch.setattr(house.broker, "declare", lambda _parts, _done: None)
    house.registry.put(listener("joe", enabled=False))
    house.registry.remove("ann")
    house.router.follower.catch_up()
    assert len(house.router.index) == 0


def test_every_queue_has_its_turn(house: House) -> None:
    names = [f"l{number}" for number in range(2 * CHECK_MOST + 1)]
    house.add(*(listener(name, paused=True) for name in names))
    for name in names:
        house.broker.delete_queue(queue(house, name), _done)
    for _ in range(3):
        look_later(house)
    assert all(exists(house, name) for name in names)


def test_a_mended_queue_does_not_make_a_policy_readable(house: House) -> None:
    spoil(house)
    house.registry.unreadable.add("bad")
    house.add(listener("bad"))
    mend(house)
    emit(house, 1)
    assert receivers(house) == []
    assert house.broker.ready(WRONG) == 1


def test_a_removed_listeners_queue_goes_with_what_it_holds(house: House) -> None:
    house.add(listener("joe"))
    house.registry.remove("joe")
    house.follow()
    assert not exists(house, "joe")


@pytest.mark.parametrize("late", ["router", "delivery"])
def test_a_process_that_lags_leaves_the_queue_of_who_came_back(
    house: House, late: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads that joe was removed, and acts on it after joe was added again."""
    followers = {"router": house.router.follower, "delivery": house.delivery.follower}
    lagging = followers.pop(late)
    [other] = followers.values()
    house.add(listener("joe", enabled=False))
    house.registry.remove("joe")
    pages = list(house.registry.stream(lagging.version))
    house.registry.put(listener("joe"))
    other.catch_up()
    message = amqp.encode(Event(id="1", type="person", data={}))
    house.broker.publish(message, Address(house.topology.deliver, "joe"), _done)
    with monkeypatch.context() as patched:
        patched.setattr(house.registry, "stream", lambda _since: iter(pages))
        lagging.catch_up()
    house.follow()
    assert receivers(house) == ["joe"]


def test_a_listener_of_a_lost_history_keeps_its_queue(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The registry was restored from before it was added: it may be added again."""
    house.add(listener("joe"), listener("ann"))
    house.delivery.stop()
    emit(house, 1)
    del house.registry.listeners["joe"]
    [page] = house.registry.stream(0)
    restored = replace(page, reset=True)
    monkeypatch.setattr(house.registry, "stream", lambda _since: iter([restored]))
    house.router.follower.catch_up()
    emit(house, 2)
    assert [message.body for message in house.broker.messages(queue(house, "joe"))] == [b"1"]
    assert house.broker.ready(queue(house, "ann")) == 2


def test_what_cannot_be_deleted_now_is_deleted_with_the_next_look(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_name: str, done: Done) -> None:
        done(BrokerUnavailable())

    house.add(listener("joe"), listener("ann"))
    monkeypatch.setattr(house.broker, "delete_queue", away)
    house.registry.remove("joe")
    house.registry.remove("ann")
    house.follow()
    assert exists(house, "joe")
    monkeypatch.undo()
    house.follow()
    assert not exists(house, "joe")
    assert not exists(house, "ann")


def test_nobody_declares_the_queue_of_a_removed_listener_after_a_reconnect(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten: list[str] = []
    monkeypatch.setattr(house.broker, "forget_queue", forgotten.append)
    house.add(listener("joe"))
    assert forgotten == []
    house.registry.remove("joe")
    house.follow()
    assert forgotten == [queue(house, "joe")] * 2
