"""The whole house in one process: router, delivery and recorder on one broker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from durian.broker.memory import MemoryBroker
from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.console.settings import Settings
from durian.console.wiring import (
    breaker_rules,
    make_recorder,
    open_broker,
    open_sender,
    open_snapshot,
    open_store,
    topology,
)
from durian.consumers import DeliveryConsumer, Recorder
from durian.registry.principal import DURIAN
from durian.registry.store import Store
from durian.router import Router

#: Seconds between two looks at the registry where no broker can tell other processes' changes.
EMBEDDED_POLL_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything between producers and listeners, running."""

    broker: Broker
    names: Topology
    store: Store
    router: Router
    delivery: DeliveryConsumer
    recorder: Recorder

    def ready(self) -> bool:
        """Tell whether events are routed and delivered: both know the whole registry."""
        return self.router.wait_ready(0) and self.delivery.wait_ready(0)


@contextmanager
def open_house(settings: Settings) -> Iterator[House]:
    """Run all of it for the length of the block; then stop and drain it."""
    names = topology(settings)
    with ExitStack() as stack:
        broker = stack.enter_context(_broker(settings))
        store = stack.enter_context(open_store(settings, DURIAN, create=True))
        sender = stack.enter_context(open_sender(settings, broker))
        poll_s = settings.poll_s if settings.broker_url else min(EMBEDDED_POLL_S, settings.poll_s)
        delivery = DeliveryConsumer(
            broker,
            names,
            store,
            sender,
            poll_s=poll_s,
            grace_s=settings.grace_s,
            rules=breaker_rules(settings),
            owner_attribute=settings.owner_attribute,
        )
        router = Router(
            broker,
            names,
            store,
            prefetch=settings.prefetch,
            poll_s=poll_s,
            snapshot=open_snapshot(settings, store),
        )
        recorder = make_recorder(settings, broker, names, store)
        # Stopped in the opposite order: first nothing new is routed, then deliveries drain, and
        # their last attempts are recorded.
        stack.callback(recorder.stop)
        recorder.start()
        stack.callback(delivery.stop)
        delivery.start()
        stack.callback(router.stop)
        router.start()
        yield House(
            broker=broker,
            names=names,
            store=store,
            router=router,
            delivery=delivery,
            recorder=recorder,
        )


@contextmanager
def _broker(settings: Settings) -> Iterator[Broker]:
    """RabbitMQ when one is set, else a broker in this process."""
    if settings.broker_url:
        with open_broker(settings) as broker:
            yield broker
        return
    embedded = MemoryBroker()
    embedded.start()
    try:
        yield embedded
    finally:
        embedded.stop()
