"""The links of one producer: kept for the next event, at most so many at a time."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Iterator, Sequence

from durian.errors import BrokerError, BrokerRefused, BrokerUnavailable
from durian.producers.broker_url import BrokerUrl
from durian.producers.link import Link
from durian.producers.policy import PublishPolicy


class Pool:
    """Links to the first broker of several that works; safe to use from any thread.

    After a fork the child begins with no links: a connection used by two processes would mix their
    frames. The parent's stay as they are.
    """

    def __init__(self, urls: Sequence[BrokerUrl], policy: PublishPolicy, *, size: int) -> None:
        self._urls = tuple(urls)
        self._policy = policy
        self._size = size
        self._closed = False
        self._reset()
        _pools.add(self)

    def _reset(self) -> None:
        self._slots = threading.Semaphore(self._size)
        #: The one used last is used next, so that few stay busy and the rest can be dropped.
        self._idle: list[Link] = []
        self._all: set[Link] = set()

    @contextlib.contextmanager
    def link(self) -> Iterator[Link]:
        """Lend a working link for the length of the block.

        Raises BrokerUnavailable when all are in use for too long or no broker can be reached,
        BrokerRefused when the login or the virtual host is refused.
        """
        if not self._slots.acquire(timeout=self._policy.give_up_after_s):
            raise BrokerUnavailable(f"All {self._size} connections of this producer are in use.")
        try:
            link = self._take()
            try:
                yield link
            finally:
                self._give_back(link)
        finally:
            self._slots.release()

    def close(self) -> None:
        """Close what rests now, and what is in use as soon as it comes back. Harmless twice."""
        self._closed = True
        while self._idle:
            self._drop(self._idle.pop())

    def forget(self) -> None:
        """Begin anew in a forked child."""
        links = self._all
        self._reset()
        for link in links:
            link.forget()

    def _take(self) -> Link:
        while not self._closed and self._idle:
            link = self._idle.pop()
            if link.alive():
                return link
            self._drop(link)
        if self._closed:
            raise BrokerError("This producer was closed.")
        link = self._open()
        self._all.add(link)
        return link

    def _give_back(self, link: Link) -> None:
        if self._closed or link.broken or link.outstanding:
            self._drop(link)
        else:
            link.rest()
            self._idle.append(link)

    def _drop(self, link: Link) -> None:
        self._all.discard(link)
        link.close()

    def _open(self) -> Link:
        """Connect to the broker that worked last, else to the next one that does."""
        errors: list[BrokerError] = []
        for url in self._urls:
            try:
                link = Link(url, self._policy)
            except BrokerError as error:
                errors.append(error)
            else:
                self._prefer(url)
                return link
        if len(errors) == 1:
            raise errors[0]
        refused = all(isinstance(error, BrokerRefused) for error in errors)
        kind = BrokerRefused if refused else BrokerUnavailable
        raise kind(" ".join(error.message for error in errors)) from errors[-1]

    def _prefer(self, url: BrokerUrl) -> None:
        if url != self._urls[0]:
            self._urls = (url, *(other for other in self._urls if other != url))


_pools: weakref.WeakSet[Pool] = weakref.WeakSet()


def _after_fork() -> None:
    for pool in _pools:
        pool.forget()


os.register_at_fork(after_in_child=_after_fork)
