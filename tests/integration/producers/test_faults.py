"""What a producer does when connections and brokers fail: arrive, or say so, in bounded time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from durian.errors import BrokerBlocked, BrokerUnavailable
from durian.events import Event
from durian.producers import PartlyEmitted, Producer, PublishPolicy, link
from durian.producers.pipeline import WINDOW
from tests.support.declared import House
from tests.support.proxy import Proxy
from tests.support.rabbitmq import PrivateNode

pytestmark = pytest.mark.rabbitmq

#: Notices a fault soon.
QUICK = PublishPolicy(
    connect_timeout_s=1.0,
    confirm_timeout_s=1.0,
    attempts=3,
    first_pause_s=0.05,
    give_up_after_s=3.0,
)

#: What QUICK may need at most: three attempts, each with a connect and a confirm timeout, with
#: pauses and closing, and as much again for a busy machine.
QUICK_BOUND_S = 20.0

#: Outlives the restart of a broker on a busy machine.
PATIENT = PublishPolicy(attempts=1000, longest_pause_s=0.5, give_up_after_s=120.0)


@pytest.fixture
def proxy(house: House) -> Iterator[Proxy]:
    with Proxy(house.url) as proxy:
        yield proxy


def with_fault(events: list[Event], at: int, fault: Callable[[], object]) -> Iterator[Event]:
    """Events, and a fault after some of them."""
    for number, event in enumerate(events):
        if number == at:
            fault()
        yield event


def some_events(count: int) -> list[Event]:
    return [Event(type="person", data={"number": number}) for number in range(count)]


def assert_all_arrived(house: House, events: list[Event]) -> None:
    """Every event is there; duplicates are no more than what was outstanding at the fault."""
    arrived = house.ids()
    assert set(arrived) == {event.id for event in events}
    assert len(arrived) - len(events) <= WINDOW


def test_closed_connections_lose_nothing_of_many(
    mortal_rabbitmq: PrivateNode, house: House
) -> None:
    events = some_events(3000)

    def close_all() -> None:
        mortal_rabbitmq.ctl("close_all_connections", "a test")

    with Producer(house.url) as producer:
        assert producer.emit_many(with_fault(events, 1500, close_all)) == 3000
    assert_all_arrived(house, events)


def test_a_connection_that_was_closed_while_it_rested_is_noticed_before_it_is_used(
    mortal_rabbitmq: PrivateNode, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    with Producer(house.url) as producer:
        first = producer.emit("person")
        mortal_rabbitmq.ctl("close_all_connections", "a test")
        with caplog.at_level(logging.WARNING, "durian"):
            second = producer.emit("person")
    assert not caplog.records  # no attempt failed
    assert house.ids() == [first.id, second.id]


def test_a_connection_that_is_reset_loses_nothing_of_many(house: House, proxy: Proxy) -> None:
    events = some_events(2000)
    with Producer(proxy.url) as producer:
        assert producer.emit_many(with_fault(events, 1000, proxy.reset)) == 2000
    assert_all_arrived(house, events)
    assert proxy.connections == 2


def test_a_half_open_connection_is_replaced(house: House, proxy: Proxy) -> None:
    events = some_events(2000)

    def stall() -> None:
        proxy.stall(new=False)

    with Producer(proxy.url, policy=QUICK) as producer:
        assert producer.emit_many(with_fault(events, 1000, stall)) == 2000
    assert_all_arrived(house, events)
    assert proxy.connections == 2


def test_a_half_open_connection_that_rested_long_is_noticed_before_it_is_used(
    house: House,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(link, "PROBE_AFTER_S", 0.0)
    monkeypatch.setattr(link, "PROBE_TIMEOUT_S", 0.3)
    with Producer(proxy.url) as producer, caplog.at_level(logging.WARNING, "durian"):
        events = [producer.emit("person"), producer.emit("person")]
        assert proxy.connections == 1  # it was asked, and it answered
        proxy.stall(new=False)
        events.append(producer.emit("person"))
    assert not caplog.records
    assert house.ids() == [event.id for event in events]


@pytest.mark.parametrize("connected_before", [True, False])
def test_when_everything_is_half_open_it_ends_in_an_error(
    proxy: Proxy,
    connected_before: bool,  # noqa: FBT001 - the parameter of the test
) -> None:
    with Producer(proxy.url, policy=QUICK) as producer:
        if connected_before:
            producer.emit("person")
        proxy.stall(new=True)
        begin = time.monotonic()
        with pytest.raises(BrokerUnavailable, match="no answer in time"):
            producer.emit("person")
    assert time.monotonic() - begin < QUICK_BOUND_S


def test_a_slow_network_is_only_slow(house: House, proxy: Proxy) -> None:
    events = some_events(300)
    with Producer(proxy.url) as producer:
        producer.emit(events[0])
        proxy.latency_s = 0.05
        begin = time.monotonic()
        assert producer.emit_many(events[1:]) == 299
        took_s = time.monotonic() - begin
    # What one round trip for each would take.
    assert took_s < 299 * 2 * proxy.latency_s
    assert house.ids() == [event.id for event in events]


def test_a_broker_without_memory_ends_in_an_error_and_not_in_a_hang(
    mortal_rabbitmq: PrivateNode, house: House
) -> None:
    with Producer(house.url, policy=QUICK) as producer:
        mortal_rabbitmq.ctl("set_vm_memory_high_watermark", "0.000001")
        try:
            begin = time.monotonic()
            producer.emit("person")  # RabbitMQ blocks a connection after its first message
            with pytest.raises(BrokerBlocked, match="takes no messages for now"):
                producer.emit("person")
            with pytest.raises(PartlyEmitted) as caught:
                # More than any socket buffer holds.
                producer.emit_many(Event(type="person", data="x" * 1_000_000) for _ in range(40))
            assert isinstance(caught.value.__cause__, BrokerBlocked)
            assert time.monotonic() - begin < 2 * QUICK_BOUND_S
        finally:
            mortal_rabbitmq.ctl("set_vm_memory_high_watermark", "0.4")
        event = producer.emit("person")
    assert event.id in house.ids()


def test_a_killed_broker_ends_in_an_error_that_accounts_for_every_event(
    mortal_rabbitmq: PrivateNode, house: House
) -> None:
    events = some_events(3000)
    with Producer(house.url, policy=QUICK) as producer:
        try:
            begin = time.monotonic()
            with pytest.raises(PartlyEmitted) as caught:
                producer.emit_many(with_fault(events, 2000, mortal_rabbitmq.kill))
            with pytest.raises(BrokerUnavailable, match="nothing listens there"):
                producer.emit("person")
            assert time.monotonic() - begin < 2 * QUICK_BOUND_S
        finally:
            mortal_rabbitmq.start()
        partly = caught.value
        open_ids = {event.id for event in (*partly.unconfirmed, *partly.unread)}
        confirmed = {event.id for event in events} - open_ids
        assert partly.confirmed == len(confirmed) == len(events) - len(open_ids)
        assert partly.confirmed > 0
        last = producer.emit("person")  # it works again with the broker
    arrived = set(house.ids())
    assert confirmed <= arrived
    assert last.id in arrived


def test_a_restart_of_the_broker_is_outlived(mortal_rabbitmq: PrivateNode, house: House) -> None:
    events = some_events(2000)
    restart = threading.Thread(target=mortal_rabbitmq.start)

    def kill_and_restart() -> None:
        mortal_rabbitmq.kill()
        restart.start()

    try:
        with Producer(house.url, policy=PATIENT) as producer:
            assert producer.emit_many(with_fault(events, 1000, kill_and_restart)) == 2000
    finally:
        restart.join(timeout=150)
    assert_all_arrived(house, events)
