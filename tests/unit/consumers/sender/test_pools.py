"""Pools are shared by the requests of one listener, and closed when nobody uses them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TypeVar

import pytest
from urllib3.connectionpool import HTTPConnectionPool

from durian.consumers.sender.pools import PoolKey, Pools

AnyPool = TypeVar("AnyPool", bound=HTTPConnectionPool)


class Pool(HTTPConnectionPool):
    """A pool that only notes whether it is closed."""

    def __init__(self, key: PoolKey) -> None:
        super().__init__("localhost")
        self.key = key
        self.closed = False

    def close(self) -> None:
        assert not self.closed
        self.closed = True


class Made(list[Pool]):
    """All pools that were made."""

    def make(self, key: PoolKey) -> Pool:
        self.append(Pool(key))
        return self[-1]


@pytest.fixture
def made() -> Made:
    return Made()


def key(listener_id: str, port: int = 80) -> PoolKey:
    return PoolKey(listener_id, "http", "a.example", port, None)


@contextlib.contextmanager
def using(pools: Pools[AnyPool], one: PoolKey) -> Iterator[AnyPool]:
    lent = pools.take(one)
    try:
        yield lent.pool
    finally:
        pools.give_back(lent)


def use(pools: Pools[Pool], *keys: PoolKey) -> None:
    for one in keys:
        with using(pools, one):
            pass


def test_a_key_has_one_pool(made: Made) -> None:
    pools = Pools(made.make)
    with using(pools, key("a")) as first, using(pools, key("a")) as second:
        assert first is second
    use(pools, key("a"), key("b"), key("a", 81))
    assert [pool.key for pool in made] == [key("a"), key("b"), key("a", 81)]


def test_the_least_recently_used_is_closed_when_there_are_too_many(made: Made) -> None:
    pools = Pools(made.make, most=2)
    use(pools, key("a"), key("b"), key("a"), key("c"))
    assert [pool.closed for pool in made] == [False, True, False]


def test_pools_in_use_are_kept_beyond_the_limit(made: Made) -> None:
    pools = Pools(made.make, most=1)
    with using(pools, key("a")), using(pools, key("b")):
        assert not any(pool.closed for pool in made)
        assert len(pools) == 2
    use(pools, key("c"))
    assert [pool.closed for pool in made] == [True, True, False]


def test_a_sweep_closes_what_is_idle_and_not_what_is_used(made: Made) -> None:
    pools = Pools(made.make, idle_s=-1)
    use(pools, key("a"))
    with using(pools, key("b")):
        pools.sweep()
        assert [pool.closed for pool in made] == [True, False]
    pools.sweep()
    assert [pool.closed for pool in made] == [True, True]


def test_a_sweep_leaves_what_was_used_just_now(made: Made) -> None:
    pools = Pools(made.make, idle_s=60)
    use(pools, key("a"))
    pools.sweep()
    assert not made[0].closed


def test_forgetting_a_listener_closes_its_pools_once_they_are_given_back(made: Made) -> None:
    pools = Pools(made.make)
    use(pools, key("a"), key("b"))
    with using(pools, key("a", 81)):
        pools.forget("a")
        assert [pool.closed for pool in made] == [True, False, False]
        with using(pools, key("a", 81)):
            assert len(made) == 4
    assert [pool.closed for pool in made] == [True, False, True, False]


def test_closing_closes_everything(made: Made) -> None:
    pools = Pools(made.make)
    use(pools, key("a"), key("b"))
    pools.close()
    pools.close()
    assert all(pool.closed for pool in made)
    assert len(pools) == 0


def test_a_pool_that_cannot_be_made_leaves_nothing_behind() -> None:
    def fail(_key: PoolKey) -> HTTPConnectionPool:
        raise ValueError("no")

    pools = Pools(fail)
    for _ in range(2):
        with pytest.raises(ValueError, match="no"), using(pools, key("a")):
            pass
    assert len(pools) == 0


def test_many_threads_never_use_a_closed_pool(made: Made) -> None:
    pools = Pools(made.make, most=2, idle_s=0)
    wrong: list[Pool] = []

    def work(number: int) -> None:
        for step in range(200):
            with using(pools, key(f"l{(number + step) % 5}")) as pool:
                assert isinstance(pool, Pool)
                if pool.closed:
                    wrong.append(pool)
            if step % 7 == 0:
                pools.sweep()
            if step % 11 == 0:
                pools.forget(f"l{step % 5}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pools.close()
    assert not wrong
    assert all(pool.closed for pool in made)
