from __future__ import annotations

import threading
import time
import uuid

import pytest

from durian.events import new_id
from durian.events.ids import made_at


def test_an_id_is_a_uuid_of_version_7_in_its_usual_form() -> None:
    text = new_id()
    parsed = uuid.UUID(text)
    assert (str(parsed), parsed.version, parsed.variant) == (text, 7, uuid.RFC_4122)


def test_an_id_begins_with_the_milliseconds_at_which_it_was_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    far_future_ns = 4_102_444_800_123_456_789
    monkeypatch.setattr("durian.events.ids._ticks._last", 0)
    monkeypatch.setattr(time, "time_ns", lambda: far_future_ns)
    assert uuid.UUID(new_id()).int >> 80 == far_future_ns // 1_000_000


def test_ids_sort_in_the_order_they_were_made_even_within_a_millisecond() -> None:
    ids = [new_id() for _ in range(10_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_ids_keep_their_order_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = new_id()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert new_id() > before


def test_threads_never_get_the_same_id() -> None:
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.extend([new_id() for _ in range(1_000)]))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8_000


def test_two_processes_with_the_same_clock_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork has its parent's counter: only the random bits tell their ids apart."""
    monkeypatch.setattr(time, "time_ns", lambda: 10**18)
    monkeypatch.setattr("durian.events.ids._ticks._last", 0)
    parent = new_id()
    monkeypatch.setattr("durian.events.ids._ticks._last", 0)
    child = new_id()
    assert parent[:18] == child[:18]
    assert parent != child


def test_an_id_tells_when_it_was_made() -> None:
    assert made_at(new_id()) == pytest.approx(time.time(), abs=60)
    assert made_at("01890000-0000-7000-8000-000000000000") == 0x01890000_0000 / 1000
    assert made_at("order 17") is None
    assert made_at(str(uuid.uuid4())) is None
