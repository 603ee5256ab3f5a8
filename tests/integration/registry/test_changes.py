from __future__ import annotations

import pytest

from durian.registry import HookSpec
from durian.registry.sql.removed import KEEP_S
from durian.registry.store import Store
from tests.support.registry import Follower, listener, secret


def add(store: Store, *ids: str) -> None:
    for listener_id in ids:
        store.add_listener(listener(listener_id), secret())


def test_an_empty_registry_is_at_version_zero(store: Store) -> None:
    changes = store.changes(0)

    assert store.version() == changes.version == 0
    assert not changes.listeners
    assert not changes.reset


def test_every_write_is_a_version_of_its_own(store: Store) -> None:
    add(store, "joe", "ann")
    store.set_enabled("joe", False)
    store.put_hook(HookSpec(name="person"))
    store.remove_listener("ann")

    assert store.version() == 5


def test_only_what_changed_is_told(store: Store) -> None:
    add(store, "joe", "ann", "bob")
    store.put_hook(HookSpec(name="person"))
    before = store.version()
    store.set_enabled("ann", False)
    store.remove_listener("bob")
    store.remove_hook("person")
    store.put_hook(HookSpec(name="order"))

    changes = store.changes(before)

    assert changes.version == store.version()
    assert changes.listeners == [listener("ann", enabled=False)]
    assert changes.removed == ["bob"]
    assert [spec.name for spec in changes.hooks] == ["order"]
    assert changes.removed_hooks == ["person"]
    assert not store.changes(changes.version).listeners


def test_a_listener_that_came_back_is_not_told_as_removed(store: Store) -> None:
    add(store, "joe")
    store.remove_listener("joe")
    add(store, "joe")

    changes = store.changes(1)

    assert [one.id for one in changes.listeners] == ["joe"]
    assert changes.removed == []


def test_some_listeners_are_told_as_they_are_now(store: Store) -> None:
    add(store, "joe", "ann", "bob")
    store.set_enabled("ann", False)
    store.remove_listener("bob")

    told = store.changes_of(["ann", "bob", "nobody"])

    assert told.listeners == [listener("ann", enabled=False)]
    assert not told.unreadable
    assert not told.removed
    assert store.changes_of([]).listeners == []


def test_a_stream_tells_the_same_in_pages(store: Store) -> None:
    add(store, *(f"n{number}" for number in range(7)))
    store.remove_listener("n3")
    store.put_hook(HookSpec(name="person"))
    at_once, in_pages = Follower(), Follower()

    at_once.apply(store.changes(0))
    pages = list(store.stream(0, size=2))
    for page in pages:
        in_pages.apply(page)

    assert in_pages == at_once
    assert len(pages) == 4
    assert all(len(page.listeners) <= 2 for page in pages)
    assert [page.version for page in store.stream(at_once.version)] == [at_once.version]


def test_a_version_is_never_split_between_pages(store: Store) -> None:
    store.add_listeners((listener(f"n{number}"), secret()) for number in range(5))
    add(store, "last")

    pages = list(store.stream(0, size=2))

    assert [len(page.listeners) for page in pages] == [5, 1]


def test_what_changes_between_two_pages_is_told_at_the_end(store: Store) -> None:
    add(store, "a", "b", "c", "d")
    follower = Follower()

    stream = store.stream(0, size=2)
    follower.apply(next(stream))
    store.remove_listener("a")
    store.set_enabled("b", False)
    store.set_enabled("c", False)
    add(store, "e")
    for page in stream:
        follower.apply(page)

    assert list(follower.listeners.values()) == [
        listener("b", enabled=False),
        listener("d"),
        listener("c", enabled=False),
        listener("e"),
    ]
    assert follower.version == store.version()


def pass_a_week(store: Store) -> None:
    """Let so much time pass that the next removal clears away those before it."""
    later = store._now() + KEEP_S + 1
    store._now = lambda: later


@pytest.mark.parametrize("since", [1, 99])
def test_a_follower_from_another_history_starts_anew(store: Store, since: int) -> None:
    """Either tombstones it has not seen are pruned, or the database was restored."""
    add(store, "joe", "ann", "bob")
    store.remove_listener("joe")
    pass_a_week(store)
    store.remove_listener("bob")
    add(store, "eve")

    follower = Follower(version=since, listeners={"joe": listener("joe")})
    follower.apply(store.changes(since))
    assert set(follower.listeners) == {"ann", "eve"}

    paged = Follower(version=since, listeners={"joe": listener("joe")})
    for page in store.stream(since, size=1):
        paged.apply(page)
    assert paged == follower


def test_pruning_spares_what_is_young(store: Store) -> None:
    add(store, "joe", "ann", "bob")
    store.remove_listener("joe")
    pass_a_week(store)
    store.remove_listener("ann")
    store.remove_listener("bob")

    assert store.changes(0).removed == ["ann", "bob"]
    assert not store.changes(4).reset


def test_a_follower_that_saw_the_removal_is_not_reset_by_pruning(store: Store) -> None:
    add(store, "joe", "ann")
    store.remove_listener("joe")
    pass_a_week(store)
    store.remove_listener("ann")

    assert store.changes(2).reset
    assert not store.changes(3).reset
    assert not store.changes(0).reset
