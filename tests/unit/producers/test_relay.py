from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from durian.errors import BrokerUnavailable, InvalidEvent, InvalidSettings, OutboxUnavailable
from durian.events import Event
from durian.events.document import event_of
from durian.producers.outbox import Relay, text_of
from tests.support.outbox import FakeProducer, FakeStore, away

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def some_events(count: int) -> list[Event]:
    return [Event(type="person", data={"number": number}) for number in range(count)]


def relay_of(store: FakeStore, producer: FakeProducer, *, batch: int = 500) -> Relay:
    return Relay(store, producer, batch=batch, poll_s=1e-6, now=lambda: NOW)


@pytest.mark.parametrize(
    "event",
    [
        Event(type="person", body=b'{"n":  1.50,"e": "\\u00e9"}', subject="joe"),
        Event(type="photo", data=b"\x00\xff", datacontenttype="image/png"),
        Event(type="note", data="Jöe", datacontenttype="text/plain"),
        Event(type="ping"),
    ],
)
def test_an_event_comes_out_of_an_outbox_as_it_went_in(event: Event) -> None:
    again = event_of(text_of(event))
    assert again == event
    assert (again.body, again.attributes) == (event.body, event.attributes)


def test_it_knows_how_old_what_it_could_not_send_is() -> None:
    store, producer = FakeStore(), FakeProducer()
    old = Event(type="person", time=NOW - timedelta(minutes=5), data={})
    store.write(old, *some_events(2))
    relay = relay_of(store, producer)
    assert (relay.stuck, relay.backlog.read(NOW.timestamp())) == (False, 0.0)
    producer.fails_at = {0: away()}
    with pytest.raises(BrokerUnavailable):
        relay.relay()
    assert relay.stuck
    assert relay.backlog.read(NOW.timestamp() + 60, busy=relay.stuck) == 360.0
    assert relay.relay() == 3
    assert not relay.stuck


def test_what_waits_is_published_in_order_and_then_marked() -> None:
    store, producer, events = FakeStore(), FakeProducer(), some_events(5)
    store.write(*events)
    relay = relay_of(store, producer, batch=3)
    assert [relay.relay(), relay.relay(), relay.relay()] == [3, 2, 0]
    assert producer.emitted == events
    assert store.sent == [1, 2, 3, 4, 5]
    assert relay.sent == 5


def test_what_was_not_confirmed_waits_on() -> None:
    store, producer, events = FakeStore(), FakeProducer(), some_events(4)
    store.write(*events)
    producer.fails_at[2] = away()
    relay = relay_of(store, producer)
    with pytest.raises(BrokerUnavailable):
        relay.relay()
    assert store.sent == [1, 2]
    assert relay.relay() == 2
    assert producer.emitted == events


def test_marks_that_are_lost_let_the_same_events_be_published_again() -> None:
    store, producer, events = FakeStore(), FakeProducer(), some_events(2)
    store.write(*events)
    store.fault = OutboxUnavailable()
    relay = relay_of(store, producer)
    with pytest.raises(OutboxUnavailable):
        relay.relay()
    assert relay.relay() == 2
    assert producer.emitted == [*events, *events]


def test_a_row_that_is_no_event_is_marked_and_holds_nothing_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, producer, events = FakeStore(), FakeProducer(), some_events(2)
    store.write(events[0], '{"type": "person"}', "nonsense", events[1])
    relay = relay_of(store, producer)
    assert relay.relay() == 2
    assert store.sent == [1, 4]
    assert store.faulty.keys() == {2, 3}
    assert "is missing" in store.faulty[2]
    assert "relay.row_kept row=3 error=" in caplog.text


def test_an_event_that_a_hook_refuses_is_marked_and_holds_nothing_up() -> None:
    store, producer, events = FakeStore(), FakeProducer(), some_events(3)
    store.write(*events)
    producer.fails_at[1] = InvalidEvent("data.name", "is missing")
    relay = relay_of(store, producer)
    assert [relay.relay(), relay.relay()] == [1, 1]
    assert store.sent == [1, 3]
    assert store.faulty == {2: "data.name: is missing"}


def test_turns_come_to_the_end_although_nothing_of_some_is_sent() -> None:
    store, producer, events = FakeStore(), FakeProducer(), some_events(4)
    store.write("nonsense", "nonsense", *events)
    producer.fails_at[0] = InvalidEvent("data.name", "is missing")
    relay = relay_of(store, producer, batch=2)
    while relay.turn():
        pass
    assert (store.sent, sorted(store.faulty)) == ([4, 5, 6], [1, 2, 3])


def test_it_waits_for_a_broker_and_a_database_that_are_away(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, events = FakeStore(), some_events(3)
    store.write(*events)
    store.fault = OutboxUnavailable()
    stop = threading.Event()

    class Stopping(FakeProducer):
        def __init__(self) -> None:
            super().__init__()
            self.calls = 0

        def emit_many(self, given: Iterable[Event]) -> int:
            self.calls += 1
            if self.calls == 2:
                self.fails_at[1] = away()
            if self.calls == 3:
                stop.set()
            return super().emit_many(given)

    producer = Stopping()
    relay_of(store, producer).run(stop)
    assert store.sent == [1, 2, 3]
    assert [line.msg.split()[0] for line in caplog.records] == ["relay.waits"] * 2


def test_a_stop_ends_it_although_the_broker_is_away() -> None:
    store, stop = FakeStore(), threading.Event()
    store.write(*some_events(1))

    class Away(FakeProducer):
        def emit_many(self, given: Iterable[Event]) -> int:
            self.fails_at[0] = away()
            if self.emitted:
                stop.set()
            self.emitted.append(event_of(store.rows[0].event))
            return super().emit_many(given)

    producer = Away()
    relay_of(store, producer).run(stop)
    assert len(producer.emitted) == 2
    assert store.sent == []


def test_sent_rows_are_pruned_when_they_were_kept_long_enough() -> None:
    store = FakeStore()
    relay = Relay(store, FakeProducer(), keep=timedelta(days=1), now=lambda: NOW)
    assert relay.prune() == 5000 + 2500
    assert set(store.pruned_before) == {NOW - timedelta(days=1)}


def test_a_turn_prunes_now_and_then() -> None:
    store = FakeStore()
    relay = relay_of(store, FakeProducer())
    relay.turn()
    pruned = len(store.pruned_before)
    relay.turn()
    assert pruned == len(store.pruned_before) == 3


@pytest.mark.parametrize(
    ("name", "value"), [("batch", 0), ("poll_s", 0.0), ("keep", timedelta(days=-1))]
)
def test_a_number_that_cannot_be_used_is_named(name: str, value: object) -> None:
    with pytest.raises(InvalidSettings) as caught:
        Relay(FakeStore(), FakeProducer(), **{name: value})  # type: ignore[arg-type]  # on purpose
    assert caught.value.field == name
