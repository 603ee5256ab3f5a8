"""AsyncProducer: what an asyncio program holds to publish events."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast, overload

from durian.broker.topology import Topology
from durian.errors import BrokerError, DurianError
from durian.events import DEFAULT_SOURCE, Event
from durian.events.message import Message
from durian.producers.broker_url import parse_broker_urls
from durian.producers.check import Check
from durian.producers.courier import Courier, Parcel
from durian.producers.ledger import Receipt
from durian.producers.maker import Maker
from durian.producers.pipeline import WINDOW
from durian.producers.policy import PublishPolicy
from durian.producers.pool import Pool
from durian.producers.stream import InStrides, Stream

if TYPE_CHECKING:
    from durian.registry import HookSpec

#: Events that may be under way at once; further ones wait their turn. Two windows: one is with the
#: broker while the next is made.
MOST_UNDER_WAY = 2 * WINDOW


class AsyncProducer:
    """Publishes events to RabbitMQ from an asyncio program, without ever blocking its loop.

    What `Producer` promises holds here too: an `await` that returns means that the broker has the
    event safely, and errors are the same. A thread does the talking, over one connection; events
    that are emitted at the same time are on their way together, and nobody's confirm waits for
    another's. When more are under way than the broker confirms, `emit` waits its turn.

    A task that is cancelled while it emits leaves open whether its event was published. The
    producer belongs to one loop, and is closed by leaving `async with`, or by `close`.

        async with AsyncProducer("amqp://localhost") as producer:
            await producer.emit("person", {"name": "Joe"})

    Args:
        url: An AMQP URL; several separated by `;` are tried in turn.
        prefix: The deployment's prefix of all broker names (`DURIAN_PREFIX`).
        hooks: What events are checked against before they are published; as for `Producer`.
        source: The `source` of events that `emit` makes of a type and data.
        policy: Timeouts and retries.

    Raises:
        InvalidSettings: the URL or the policy cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "durian",
        hooks: Mapping[str, HookSpec | type[Any]] | Check | None = None,
        source: str = DEFAULT_SOURCE,
        policy: PublishPolicy | None = None,
    ) -> None:
        self._maker = Maker(hooks, source)
        self._room = asyncio.Semaphore(MOST_UNDER_WAY)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        policy = policy or PublishPolicy()
        self._courier = Courier(
            Pool(parse_broker_urls(url), policy, size=1),
            policy,
            Topology(prefix).events,
            self._tell,
            name="durian-producer",
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    @overload
    async def emit(self, event: Event, /) -> Event: ...

    @overload
    async def emit(
        self,
        event: str,
        data: Any = None,
        /,
        *,
        subject: str | None = None,
        source: str | None = None,
    ) -> Event: ...

    async def emit(
        self,
        event: Event | str,
        data: Any = None,
        /,
        *,
        subject: str | None = None,
        source: str | None = None,
    ) -> Event:
        """Publish one event, or one made of a type and its data; tell the event once it is safe.

        Raises what `Producer.emit` does.
        """
        event = self._maker.event(event, data, subject=subject, source=source)
        message = self._maker.message(event)
        await (await self._hand_over(event, message))
        return event

    async def emit_many(self, events: Iterable[Event] | AsyncIterable[Event]) -> int:
        """Publish events without waiting for each; tell how many when all of them are safe.

        The iterable is read as fast as the broker confirms, so it may be endless. Events are
        published in order; after a fault some may come again, later. It ends at the first event
        that cannot be published, and the ones before are safe then, or named.

        Raises:
            PartlyEmitted: not all events were confirmed; tells which. Its cause is an error that
                `emit` raises. Of an asynchronous iterable nothing is `unread`: it goes on where it
                was.
        """
        unread: Iterator[Event] = iter(())
        if isinstance(events, AsyncIterable):
            source: AsyncIterator[Event] = aiter(events)
        else:
            unread = iter(events)
            source = InStrides(unread)
        stream = Stream()
        try:
            while stream.error is None and (event := await anext(source, None)) is not None:
                await self._add(stream, event)
            await stream.settled()
        except Exception as error:  # the iterable's own
            await stream.settled()
            error.add_note(f"{stream.confirmed} events were confirmed before.")
            raise
        finally:
            stream.abandon()  # what is left of it when this task was cancelled
        if stream.error:
            raise stream.partly(unread) from stream.error
        return stream.confirmed

    async def close(self) -> None:
        """Let what is under way end, and close the connection. Harmless twice.

        An event that waits for its next attempt has it at once, and is given up if that fails.
        """
        self._closed = True
        await asyncio.to_thread(self._courier.close)

    async def _hand_over(self, event: Event, message: Message) -> asyncio.Future[None]:
        """Give an event to the courier as soon as there is room; tell what becomes of it."""
        await self._room.acquire()
        if self._closed:
            self._room.release()
            raise BrokerError("This producer was closed.")
        loop = self._loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        waiter.add_done_callback(self._make_room)
        self._courier.take(Parcel(event, message, waiter, time.monotonic()))
        return waiter

    async def _add(self, stream: Stream, event: Event) -> None:
        """Hand an event of many over, or tell that it cannot be."""
        try:
            waiter = await self._hand_over(event, self._maker.message(event))
        except DurianError as error:
            stream.refuse(event, error)
        else:
            stream.add(event, waiter)

    def _make_room(self, _waiter: asyncio.Future[None]) -> None:
        self._room.release()

    def _tell(self, receipts: list[Receipt]) -> None:
        """On the courier's thread: let the loop tell those who wait."""
        # A loop that is closed has nobody left who waits.
        with contextlib.suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(_tell, receipts)


def _tell(receipts: list[Receipt]) -> None:
    for receipt in receipts:
        waiter = cast("Parcel", receipt.outgoing).waiter
        if waiter is None or waiter.done():
            continue
        if receipt.error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(receipt.error)
