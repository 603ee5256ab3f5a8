"""What delivery processes agree on: breakers, paces and heads, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from durian.errors import InvalidListener, NotFound, RegistryError
from durian.registry import Head, OpenBreaker
from durian.registry.store import Store
from tests.support.registry import NOW, listener, secret

BREAKER = OpenBreaker(
    listener_id="joe", failing_since=NOW - 60, failures=10, opened_at=NOW, next_probe_at=NOW + 10
)
HEAD = Head(
    listener_id="joe", webhook_id="msg_1", attempts=2, first_at_ms=1, due_at=NOW, error="status 500"
)


@pytest.fixture(autouse=True)
def joe(store: Store) -> None:
    """A listener that everything is about."""
    store.add_listener(listener(), secret())


def test_a_breaker_is_opened_by_whoever_comes_first(store: Store) -> None:
    assert store.open_breakers() == []
    assert store.open_breaker(BREAKER) is None
    assert store.open_breaker(replace(BREAKER, opened_at=NOW + 1)) == BREAKER
    assert store.open_breakers() == [BREAKER]


def test_a_probe_is_claimed_when_it_is_due_and_by_one_process(store: Store) -> None:
    store.open_breaker(BREAKER)

    early = store.claim_probe("joe", "a", now=NOW + 9, until=NOW + 70)
    first = store.claim_probe("joe", "a", now=NOW + 10, until=NOW + 70)
    second = store.claim_probe("joe", "b", now=NOW + 69, until=NOW + 130)

    assert early == BREAKER
    assert first == second == replace(BREAKER, holder="a", next_probe_at=NOW + 70)


def test_a_claim_is_prolonged_by_its_holder_and_taken_from_a_dead_one(store: Store) -> None:
    store.open_breaker(BREAKER)
    store.claim_probe("joe", "a", now=NOW + 10, until=NOW + 70)

    longer = store.claim_probe("joe", "a", now=NOW + 60, until=NOW + 120)
    taken = store.claim_probe("joe", "b", now=NOW + 120, until=NOW + 180)

    assert longer is not None
    assert (longer.holder, longer.next_probe_at) == ("a", NOW + 120)
    assert taken is not None
    assert (taken.holder, taken.next_probe_at) == ("b", NOW + 180)


def test_a_probe_is_claimed_once_by_many_at_the_same_time(store: Store) -> None:
    store.open_breaker(BREAKER)
    start = threading.Barrier(8)
    holders: list[str] = []

    def claim(name: str) -> None:
        start.wait()
        found = store.claim_probe("joe", name, now=NOW + 10, until=NOW + 70)
        assert found is not None
        holders.append(found.holder)

    threads = [threading.Thread(target=claim, args=(f"p{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(holders) == 8
    assert len(set(holders)) == 1


def test_a_failed_probe_is_written_while_the_breaker_is_open(store: Store) -> None:
    store.open_breaker(BREAKER)
    later = replace(BREAKER, probes=1, failures=11, next_probe_at=NOW + 40)

    assert store.postpone_probe(later)
    assert store.open_breakers() == [later]
    assert store.close_breaker("joe")
    assert not store.postpone_probe(later)
    assert not store.close_breaker("joe")
    assert store.claim_probe("joe", "a", now=NOW + 100, until=NOW + 160) is None


def test_whoever_changes_a_listener_closes_its_breaker(store: Store) -> None:
    changed = listener(url="https://elsewhere.example/")
    changes: list[Callable[[], None]] = [
        lambda: store.update_listener(changed),
        lambda: store.set_enabled("joe", True),
        lambda: store.rotate_secret("joe", secret(), 60, NOW),
    ]
    for change in changes:
        store.open_breaker(BREAKER)
        change()
        assert store.open_breakers() == []


def test_a_listener_is_disabled_once(store: Store) -> None:
    before = store.version()

    assert store.disable_listener("joe")
    assert not store.disable_listener("joe")

    assert not store.get_listener("joe").enabled
    assert [one.id for one in store.changes(before).listeners] == ["joe"]
    with pytest.raises(NotFound):
        store.disable_listener("bo")


def test_slots_follow_one_another_whoever_reserves(store: Store) -> None:
    waits = [store.reserve_slots("joe", count, 100.0) for count in (1, 3, 1)]

    assert waits == pytest.approx([0, 100, 400], abs=20)


def test_slots_begin_now_after_a_rest(store: Store) -> None:
    assert store.reserve_slots("joe", 1, 0.0001) == pytest.approx(0, abs=0.01)
    assert store.reserve_slots("joe", 1, 100.0) == pytest.approx(0, abs=20)


def test_a_pace_begins_anew_when_the_listener_is_changed(store: Store) -> None:
    store.reserve_slots("joe", 5, 1000.0)
    store.update_listener(listener(policy={"rate_per_s": 1.0}))
    assert store.reserve_slots("joe", 1, 1.0) == pytest.approx(0, abs=1)


def test_the_head_of_an_order_is_replaced_and_forgotten(store: Store) -> None:
    assert store.get_head("joe") is None
    store.put_head(HEAD)
    store.put_head(replace(HEAD, attempts=3))
    assert store.get_head("joe") == replace(HEAD, attempts=3)
    store.drop_head("joe")
    store.drop_head("joe")
    assert store.get_head("joe") is None


def test_everything_goes_with_the_listener(store: Store) -> None:
    store.open_breaker(BREAKER)
    store.put_head(HEAD)
    store.reserve_slots("joe", 1, 100.0)
    store.remove_listener("joe")

    assert store.open_breakers() == []
    assert store.get_head("joe") is None
    writes: list[Callable[[], object]] = [
        lambda: store.open_breaker(BREAKER),
        lambda: store.put_head(HEAD),
        lambda: store.reserve_slots("joe", 1, 1.0),
    ]
    for write in writes:
        with pytest.raises(RegistryError):
            write()


def test_nothing_of_it_is_a_change_of_the_registry(store: Store) -> None:
    version = store.version()
    store.open_breaker(BREAKER)
    store.put_head(HEAD)
    store.reserve_slots("joe", 1, 1.0)
    assert store.version() == version


def test_whether_a_listener_is_ordered_cannot_be_changed(store: Store) -> None:
    ordered = store.get_listener("joe").replace(policy={"ordered": True})
    with pytest.raises(InvalidListener, match=r"policy\.ordered: is false and cannot be changed"):
        store.update_listener(ordered)
