"""Which routes there are: in `durian up`, and in a process that only takes events."""

from __future__ import annotations

from starlette.applications import Starlette

from durian.console import inbound
from durian.console.gateway import events, operations
from durian.console.gateway.access import Access
from durian.console.gateway.app import Ready, build
from durian.console.gateway.publish import through_broker, through_producer
from durian.console.house import House
from durian.console.inbound import KnownSources
from durian.console.operations.operation import Context
from durian.console.settings import Settings
from durian.producers import AsyncProducer


def face_of(house: House, settings: Settings) -> Starlette:
    """What `durian up` answers to."""
    access = Access(settings.tokens)
    context = Context(broker=house.broker, names=house.names, store=house.store)

    publish = through_broker(house.broker, house.names)

    async def ready() -> bool:
        return house.ready()

    return build(
        ready,
        events.route(publish, access),
        inbound.route(publish, KnownSources(lambda: house.store)),
        operations.route(context, access),
    )


def front_of(
    producer: AsyncProducer, sources: KnownSources, ready: Ready, settings: Settings
) -> Starlette:
    """What `durian web` answers to; any ASGI server may serve it."""
    access = Access(settings.tokens)
    publish = through_producer(producer)
    return build(ready, events.route(publish, access), inbound.route(publish, sources))
