from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import SecretStr

from durian.errors import BrokerUnavailable
from durian.events import Event
from durian.hook import Settings
from durian.hook.up import BATCH, UpProducer
from durian.producers import PartlyEmitted


class Up:
    """Takes batches, or as many of them as it is told to."""

    def __init__(self, batches: float = float("inf")) -> None:
        self.batches = batches
        self.taken: list[int] = []

    def __call__(self, host: str, port: int, events: Sequence[Event], token: str) -> None:
        assert (host, port, token) == ("127.0.0.1", 8700, "t")
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
