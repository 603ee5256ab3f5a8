from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pydantic import SecretStr

from durian.errors import BrokerUnavailable, InvalidEvent, TooLarge
from durian.events import Event
from durian.hook import Settings
from durian.hook.up import BATCH, UpProducer
from durian.producers import PartlyEmitted
from durian.producers.outbox import Relay
from tests.support.outbox import FakeStore


class Up:
    """Takes batches, or as many of them as it is told to."""

    def __init__(self, batches: float = float("inf")) -> None:
        self.batches = batches
        self.taken: list[int] = []
        self.refused: set[str] = set()
        #: Where it says that the event stands which it refuses; usually there.
        self.tells: Callable[[int], int | None] = lambda index: index
        #: Events that a request may have.
        self.most = BATCH
        #: Bytes that a request may have.
        self.most_bytes = 2**40

    def __call__(self, host: str, port: int, events: Sequence[Event], token: str) -> None:
        assert (host, port, token) == ("127.0.0.1", 8700, "t")
        if len(events) > self.most:
            raise InvalidEvent("body", "holds too many events")
        if sum(len(event.body) for event in events) > self.most_bytes:
            raise TooLarge("The body is larger than it may be.")
        for index, event in enumerate(events):
            if event.id in self.refused:
                fault, told = InvalidEvent("data", "is not taken"), self.tells(index)
                raise fault if told is None else fault.at(told)
        if len(self.taken) >= self.batches:
            raise BrokerUnavailable
        self.taken.append(len(events))


@pytest.fixture
def up(monkeypatch: pytest.MonkeyPatch) -> Up:
    up = Up()
    monkeypatch.setattr("durian.hook.up.part", lambda _: up)
    return up


def events(count: int, data: Any = None) -> list[Event]:
    return [Event(type="x", id=str(number), data=data) for number in range(count)]


def test_events_go_in_batches(up: Up) -> None:
    with UpProducer(Settings(token=SecretStr("t"))) as producer:
        assert producer.emit_many(events(BATCH + 1)) == BATCH + 1
        producer.emit(events(1)[0])

    assert up.taken == [BATCH, 1, 1]


def test_large_events_go_in_smaller_batches(up: Up) -> None:
    UpProducer(Settings(token=SecretStr("t"))).emit_many(events(5, "x" * 900_000))

    assert up.taken == [2, 2, 1]


def test_what_was_not_taken_is_told(up: Up) -> None:
    up.batches = 1
    with pytest.raises(PartlyEmitted) as caught:
        UpProducer(Settings(token=SecretStr("t"))).emit_many(events(2 * BATCH + 5))

    assert caught.value.confirmed == BATCH
    assert [event.id for event in caught.value.unconfirmed[:1]] == [str(BATCH)]
    assert len(list(caught.value.unread)) == 5


@pytest.mark.parametrize(("refused", "taken"), [(0, []), (3, [3]), (BATCH + 1, [BATCH, 1])])
def test_what_stands_before_a_refused_event_is_taken(
    up: Up, refused: int, taken: list[int]
) -> None:
    up.refused = {str(refused)}
    with pytest.raises(PartlyEmitted) as caught:
        UpProducer(Settings(token=SecretStr("t"))).emit_many(events(BATCH + 5))

    assert isinstance(caught.value.__cause__, InvalidEvent)
    assert (caught.value.confirmed, up.taken) == (refused, taken)
    left = [*caught.value.unconfirmed, *caught.value.unread]
    assert [event.id for event in left] == [str(number) for number in range(refused, BATCH + 5)]


def test_a_refused_event_is_told_of_only_once_what_stands_before_it_is_safe(up: Up) -> None:
    up.refused, up.batches = {"3"}, 0
    with pytest.raises(PartlyEmitted) as caught:
        UpProducer(Settings(token=SecretStr("t"))).emit_many(events(5))

    assert isinstance(caught.value.__cause__, BrokerUnavailable)
    assert (caught.value.confirmed, len(caught.value.unconfirmed)) == (0, 5)


@pytest.mark.parametrize(
    "tells",
    [lambda index: index, lambda _: None, lambda _: 0, lambda index: index + 1, lambda _: 9999],
    ids=["its place", "none", "always the first", "the next", "one that is not there"],
)
def test_of_an_outbox_only_what_is_refused_alone_is_set_aside(
    up: Up, tells: Callable[[int], int | None]
) -> None:
    store, count = FakeStore(), BATCH + 20
    store.write(*events(count))
    faulty = {1, 2, 138, BATCH, count}
    up.refused, up.tells = {str(row_id - 1) for row_id in faulty}, tells
    relay = Relay(store, UpProducer(Settings(token=SecretStr("t"))))
    for _ in range(len(faulty) + 1):
        relay.relay()

    assert store.faulty == dict.fromkeys(faulty, "data: is not taken")
    assert store.sent == [row.id for row in store.rows if row.id not in faulty]
    assert sum(up.taken) == count - len(faulty)


def test_a_server_that_takes_less_at_once_gets_less_at_once(up: Up) -> None:
    up.most = BATCH // 3
    assert UpProducer(Settings(token=SecretStr("t"))).emit_many(events(BATCH)) == BATCH

    assert up.taken == [BATCH // 4] * 4


def test_an_event_that_is_refused_by_itself_has_no_place(up: Up) -> None:
    up.refused = {"0"}
    with pytest.raises(InvalidEvent) as caught:
        UpProducer(Settings(token=SecretStr("t"))).emit(events(1)[0])

    assert (str(caught.value), caught.value.index) == ("data: is not taken", None)


def test_a_request_that_is_too_large_is_divided_and_an_event_that_is_by_itself_refused(
    up: Up,
) -> None:
    up.most_bytes = 100
    sent = [*events(4, "x" * 30), *events(1, "x" * 200), *events(1)]
    with pytest.raises(PartlyEmitted, match="data: is too large for one request") as caught:
        UpProducer(Settings(token=SecretStr("t"))).emit_many(sent)
    assert up.taken == [3, 1]
    assert list(caught.value.unconfirmed) == sent[4:]
