"""Publishing events through the Broker port from an asyncio loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from durian.broker.port import Address, Broker
from durian.broker.topology import Topology
from durian.errors import BrokerError, BrokerUnavailable
from durian.events import Event, amqp

#: Seconds to wait for the broker's confirm.
CONFIRM_S = 15.0


async def publish(broker: Broker, names: Topology, events: Sequence[Event]) -> None:
    """Publish events and wait until the broker has all of them safely. Raises BrokerError."""
    confirms = [_publish(broker, names, event) for event in events]
    try:
        async with asyncio.timeout(CONFIRM_S):
            await asyncio.gather(*confirms)
    except TimeoutError:
        raise BrokerUnavailable("The broker did not confirm in time.") from None


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

    broker.publish(amqp.encode(event), Address(names.events, event.type), done)
    return confirm
