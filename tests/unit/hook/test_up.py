from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import SecretStr

from durian.errors import BrokerUnavailable, InvalidEvent
from durian.events import Event
from durian.hook import Settings
from durian.hook.up import BATCH, UpProducer
from durian.producers import PartlyEmitted


class Up:
    """Takes batches, or as many of them as it is told to."""

    def __init__(self, batches: float = float("inf")) -> None:
        self.batches = batches
        self.taken: list[int] = []
        self.refused: set[str] = set()

    def __call__(self, host: str, port: int, events: Sequence[Event], token: str) -> None:
        assert (host, port, token) == ("127.0.0.1", 8700, "t")
        for index, event in enumerate(events):
            if event.id in self.refused:
                raise InvalidEvent("data", "is not taken").at(index)
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
