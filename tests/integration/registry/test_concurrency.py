"""Versions become visible in their order, whoever writes at once."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

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
