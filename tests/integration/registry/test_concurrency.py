"""Versions become visible in their order, whoever writes at once."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor, wait

from durian.registry import HookSpec
from durian.registry.sql import listeners
from durian.registry.store import Store
from durian.registry.vault import Vault
from tests.support.registry import NOW, Follower, listener, secret

WRITERS = 4
WRITES = 40


def write(store: Store, writer: int, seed: int) -> None:
    """Make exactly WRITES changes, each a transaction."""
    rng = random.Random(seed)
    mine: list[str] = []
    for number in range(WRITES):
        act = rng.choice(["add", "toggle", "remove", "rotate", "hook"])
        if not mine or act == "add":
            mine.append(f"w{writer}-{number}")
            store.add_listener(listener(mine[-1]), secret())
        elif act == "toggle":
            store.set_enabled(rng.choice(mine), rng.random() < 0.5)
        elif act == "remove":
            store.remove_listener(mine.pop(rng.randrange(len(mine))))
        elif act == "rotate":
            store.rotate_secret(rng.choice(mine), secret(), 5, NOW)
        else:
            store.put_hook(HookSpec(name=f"hook{rng.randrange(3)}", description=str(number)))


def follow(store: Store, size: int, done: threading.Event) -> Follower:
    """Follow until the writers are done, and then once more."""
    follower = Follower()
    while True:
        last = done.is_set()
        for page in store.stream(follower.version, size):
            follower.apply(page)
        if last:
            return follower


def test_no_reader_misses_a_change(store: Store, registry_url: str, vault: Vault) -> None:
    seed = random.SystemRandom().randrange(2**32)
    done = threading.Event()
    with Store.open(registry_url, vault) as other, ThreadPoolExecutor() as pool:
        readers = [
            pool.submit(follow, one, size, done) for one in (store, other) for size in (1, 50)
        ]
        writers = [
            pool.submit(write, (store, other)[writer % 2], writer, seed + writer)
            for writer in range(WRITERS)
        ]
        try:
            for job in writers:
                job.result(timeout=120)
        finally:
            done.set()
        followers = [job.result(timeout=120) for job in readers]

    assert store.version() == WRITERS * WRITES, f"seed {seed}"
    truth = Follower()
    truth.apply(store.changes(0))
    assert truth.listeners
    for follower in followers:
        assert follower == truth, f"seed {seed}"


def test_a_version_shows_only_after_those_before_it(store: Store) -> None:
    store.add_listener(listener("joe"), secret())
    done = threading.Event()

    def disable() -> None:
        store.set_enabled("joe", False)
        done.set()

    with ThreadPoolExecutor() as pool:
        with store._database.writing() as first:
            listeners.insert(first, [listener("ann")], NOW)
            second = pool.submit(disable)
            assert not done.wait(0.3), "a second writer did not wait for the first"
            assert first.version == 2
            assert store.version() == 1
            assert store.changes(1).listeners == []
        second.result(timeout=30)

    assert [one.id for one in store.changes(1).listeners] == ["ann", "joe"]
    assert store.version() == 3


def test_a_write_that_fails_takes_its_version_back(store: Store) -> None:
    class Boom(Exception):
        pass

    def fail() -> None:
        with store._database.writing() as write:
            listeners.insert(write, [listener("joe")], NOW)
            raise Boom

    try:
        fail()
    except Boom:
        assert store.version() == 0
        assert store.list_listeners() == []
    else:
        raise AssertionError


def test_nobody_comes_back_while_a_removal_is_held(store: Store) -> None:
    store.add_listener(listener("joe"), secret())
    store.remove_listener("joe")
    order: list[str] = []

    def come_back() -> None:
        store.add_listener(listener("joe"), secret())
        order.append("added")

    with ThreadPoolExecutor() as pool:
        with store.hold_removed("joe") as was_removed:
            assert was_removed
            coming = pool.submit(come_back)
            assert not wait([coming], timeout=0.3).done, "a writer did not wait"
            order.append("deleted")
        coming.result(timeout=30)

    assert order == ["deleted", "added"]


def test_only_who_was_removed_and_did_not_come_back_is_held_as_removed(store: Store) -> None:
    def is_removed(listener_id: str) -> bool:
        with store.hold_removed(listener_id) as was_removed:
            return was_removed

    store.add_listener(listener("joe"), secret())
    assert not is_removed("joe")
    assert not is_removed("never-there")
    store.remove_listener("joe")
    before = store.version()
    assert is_removed("joe")
    assert store.version() == before
    store.add_listener(listener("joe"), secret())
    assert not is_removed("joe")
