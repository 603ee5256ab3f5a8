"""Publishing events from an asyncio loop: through the Broker port, or by an asyncio producer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import cast

from durian.broker.blocking import unanswered
from durian.broker.port import Address, Broker
from durian.broker.topology import Topology
from durian.errors import BrokerError, BrokerUnavailable
from durian.events import Event, amqp
from durian.producers import AsyncProducer, PartlyEmitted
from durian.tracing import stamped

#: Publishes events, and returns when the broker has all of them safely. Raises BrokerError when it
#: has not: some of them may have arrived then.
Publish = Callable[[Sequence[Event]], Awaitable[None]]

#: Seconds to wait for the broker's confirm.
CONFIRM_S = 15.0


def through_broker(broker: Broker, names: Topology) -> Publish:
    """Publish through a broker that runs in this process."""

    async def publish(events: Sequence[Event]) -> None:
        sent = asyncio.gather(*(_publish(broker, names, event) for event in events))
        await _in_time(sent, partial(unanswered, broker))

    return publish


def through_producer(producer: AsyncProducer) -> Publish:
    """Publish by a producer."""

    async def publish(events: Sequence[Event]) -> None:
        try:
            await _in_time(producer.emit_many(events), BrokerUnavailable)
        except PartlyEmitted as partly:
            raise cast("BrokerError", partly.__cause__) from partly

    return publish


async def _in_time(confirms: Awaitable[object], error: Callable[[str], BrokerUnavailable]) -> None:
    try:
        async with asyncio.timeout(CONFIRM_S):
            await confirms
    except TimeoutError:
        raise error("The broker did not confirm in time.") from None


def _publish(broker: Broker, names: Topology, event: Event) -> asyncio.Future[None]:
    loop = asyncio.get_running_loop()
    confirm: asyncio.Future[None] = loop.create_future()

    def settle(error: BrokerError | None) -> None:
        if confirm.done():  # the request was given up meanwhile
            return
        if error is None:
            confirm.set_result(None)
        else:
            confirm.set_exception(error)

    def done(error: BrokerError | None) -> None:
        # Called on the broker's loop, maybe after ours has ended.
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, error)

    broker.publish(amqp.encode(stamped(event)), Address(names.events, event.type), done)
    return confirm
