"""Answers under idempotency keys: asking twice does it once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from durian.errors import Conflict, InvalidInput
from durian.registry.answer import Answer
from durian.registry.answer_store import KEEP_S, LEASE_S
from durian.registry.store import Store
from tests.support.registry import NOW

ANSWER = Answer(status=201, headers={"etag": '"7"'}, body=b'{"secret":"whsec_x"}\xff')


@pytest.fixture(autouse=True)
def clock(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The store's time, as the only element of a list."""
    times = [NOW]
    monkeypatch.setattr(store, "_now", lambda: times[0])
    return times


def test_the_answer_comes_again(store: Store) -> None:
    assert store.begin_answer("a", "key", "request") is None
    store.keep_answer("a", "key", ANSWER)

    assert store.begin_answer("a", "key", "request") == ANSWER


def test_a_key_is_its_callers_own(store: Store) -> None:
    store.begin_answer("a", "key", "request")

    assert store.begin_answer("b", "key", "request") is None


def test_a_request_under_way_is_not_begun_again(store: Store, clock: list[float]) -> None:
    store.begin_answer("a", "key", "request")
    with pytest.raises(Conflict, match="under way"):
        store.begin_answer("a", "key", "request")

    clock[0] += LEASE_S  # its process is gone
    assert store.begin_answer("a", "key", "request") is None


def test_another_request_under_the_key_is_refused(store: Store) -> None:
    store.begin_answer("a", "key", "request")
    with pytest.raises(InvalidInput, match="Idempotency-Key"):
        store.begin_answer("a", "key", "another")


def test_what_came_to_nothing_may_be_tried_again(store: Store) -> None:
    store.begin_answer("a", "key", "request")
    store.drop_answer("a", "key")

    assert store.begin_answer("a", "key", "another") is None


def test_an_answer_is_kept_for_a_day(store: Store, clock: list[float]) -> None:
    for key in ("one", "two"):
        store.begin_answer("a", key, "request")
        store.keep_answer("a", key, ANSWER)
    clock[0] += KEEP_S

    assert store.begin_answer("a", "one", "another") is None
    with store._database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT count(*) FROM durian_answers").scalar_one()
    assert rows == 1


def test_answers_are_sealed(store: Store) -> None:
    store.begin_answer("a", "key", "request")
    store.keep_answer("a", "key", ANSWER)

    with store._database.reading() as connection:
        row = connection.exec_driver_sql("SELECT sealed FROM durian_answers").scalar_one()
    assert row.startswith("v1.")
    assert "whsec_" not in repr(ANSWER)


def test_of_many_at_once_one_begins(store: Store) -> None:
    def begin(_: int) -> bool:
        try:
            return store.begin_answer("a", "key", "request") is None
        except Conflict:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(begin, range(16))) == 1
