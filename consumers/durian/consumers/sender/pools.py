"""Connections kept between attempts: a pool for each listener, few of them, none for long."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, Protocol, TypeVar

from durian.consumers.sender.port import TlsOptions
from durian.registry.url import Scheme

#: Pools kept, each with a connection or more: far below the usual limit of 1024 open files.
MOST_POOLS = 256

#: Seconds after which an unused connection is closed: just below the five seconds after which
#: common servers close it themselves, perhaps while our next request is on its way.
IDLE_S = 4.0


class PoolKey(NamedTuple):
    """Who shares connections: one listener's requests to one receiver, with the same TLS."""

    listener_id: str
    scheme: Scheme
    host: str
    port: int
    tls: TlsOptions | None


class Closable(Protocol):
    """A pool of connections."""

    def close(self) -> object:
        """Close all of its connections; nobody uses them."""


Pool = TypeVar("Pool", bound=Closable)


@dataclass(slots=True)
class Lent(Generic[Pool]):
    """A pool, and who uses it."""

    pool: Pool
    used_at: float
    #: Attempts that are using it.
    users: int = 0
    #: True once nobody may begin to use it: the last user closes it.
    retired: bool = field(default=False)


class Pools(Generic[Pool]):
    """Hands out pools, and closes those that are idle, too many or forgotten.

    Args:
        make: Makes the pool of a key.
        most: Pools kept at once; those in use are kept beyond.
        idle_s: Seconds after which a pool that nobody uses is closed.
    """

    def __init__(
        self,
        make: Callable[[PoolKey], Pool],
        *,
        most: int = MOST_POOLS,
        idle_s: float = IDLE_S,
    ) -> None:
        self._make = make
        self._most = most
        self._idle_s = idle_s
        self._lock = threading.Lock()
        #: The least recently used first.
        self._entries: OrderedDict[PoolKey, Lent[Pool]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def take(self, key: PoolKey) -> Lent[Pool]:
        """Begin to use the pool of a key, which stays open until it is given back."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                entry = self._entries[key] = Lent(self._make(key), time.monotonic())
            else:
                self._entries.move_to_end(key)
            entry.users += 1
            surplus = self._surplus()
        _close(surplus)
        return entry

    def give_back(self, entry: Lent[Pool]) -> None:
        """Use a pool no longer."""
        with self._lock:
            entry.users -= 1
            entry.used_at = time.monotonic()
            closing = entry.retired and not entry.users
        if closing:
            entry.pool.close()

    def sweep(self) -> None:
        """Close the pools that nobody has used for a while."""
        before = time.monotonic() - self._idle_s
        self._retire(lambda _, entry: not entry.users and entry.used_at < before)

    def forget(self, listener_id: str) -> None:
        """Close the pools of a listener; those in use are closed when they are given back."""
        self._retire(lambda key, _: key.listener_id == listener_id)

    def close(self) -> None:
        """Close all pools; those in use are closed when they are given back."""
        self._retire(lambda _key, _entry: True)

    def _surplus(self) -> list[Lent[Pool]]:
        """Take out the least recently used entries that are too many (called with the lock)."""
        surplus: list[Lent[Pool]] = []
        if len(self._entries) <= self._most:
            return surplus
        for key, entry in list(self._entries.items()):
            if len(self._entries) <= self._most:
                break
            if not entry.users:
                surplus.append(self._entries.pop(key))
        return surplus

    def _retire(self, chosen: Callable[[PoolKey, Lent[Pool]], bool]) -> None:
        with self._lock:
            keys = [key for key, entry in self._entries.items() if chosen(key, entry)]
            retired = [self._entries.pop(key) for key in keys]
            for entry in retired:
                entry.retired = True
            unused = [entry for entry in retired if not entry.users]
        _close(unused)


def _close(entries: list[Lent[Pool]]) -> None:
    for entry in entries:
        entry.pool.close()
