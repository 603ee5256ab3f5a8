"""The events of one asynchronous `emit_many`: what was handed over, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import partial

from durian.events import Event
from durian.producers.pipeline import PartlyEmitted

#: Events that are taken from an iterable in one go before others may run on the loop: making
#: that many takes about two milliseconds.
STRIDE = 32


class InStrides(AsyncIterator[Event]):
    """An iterable's events, with pauses in which the loop runs other tasks."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._taken = 0

    async def __anext__(self) -> Event:
        self._taken += 1
        if self._taken % STRIDE == 0:
            await asyncio.sleep(0)
        try:
            return next(self._events)
        except StopIteration:
            raise StopAsyncIteration from None


class Stream:
    """Counts what is confirmed and keeps what is not. Belongs to one task."""

    def __init__(self) -> None:
        #: How many events the broker has safely.
        self.confirmed = 0
        #: The first error; nothing more should be added then.
        self.error: BaseException | None = None
        #: Events by number that were not confirmed yet.
        self._open: dict[int, Event] = {}
        self._waiters: set[asyncio.Future[None]] = set()
        self._number = 0

    def add(self, event: Event, waiter: asyncio.Future[None]) -> None:
        """Count an event in that is on its way."""
        number = self._keep(event)
        self._waiters.add(waiter)
        waiter.add_done_callback(partial(self._settle, number))

    def refuse(self, event: Event, error: Exception) -> None:
        """Count an event in that cannot be sent on its way."""
        self._keep(event)
        self.error = self.error or error

    async def settled(self) -> None:
        """Wait until it is known what became of everything."""
        if self._waiters:
            await asyncio.wait(self._waiters)

    def abandon(self) -> None:
        """Wait for nothing any more: what is not on its way yet is not sent."""
        for waiter in tuple(self._waiters):
            waiter.cancel()

    def partly(self, unread: Iterator[Event]) -> PartlyEmitted:
        """The error that tells how far it came."""
        return PartlyEmitted(
            str(self.error),
            confirmed=self.confirmed,
            unconfirmed=tuple(self._open.values()),
            unread=unread,
        )

    def _keep(self, event: Event) -> int:
        self._number += 1
        self._open[self._number] = event
        return self._number

    def _settle(self, number: int, waiter: asyncio.Future[None]) -> None:
        self._waiters.discard(waiter)
        if waiter.cancelled():
            return
        error = waiter.exception()
        if error is None:
            self.confirmed += 1
            del self._open[number]
        else:
            self.error = self.error or error
