"""Running the router and the delivery consumer, each as a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import structlog

from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.console.heartbeat import Heartbeat
from durian.console.logs import configure, hide_secrets
from durian.console.settings import Settings
from durian.console.stop import stop_signals
from durian.console.wiring import open_broker, open_sender, open_store, topology
from durian.consumers import DeliveryConsumer
from durian.router import Router

_log = structlog.get_logger("durian.console")


def run_router(settings: Settings) -> None:
    """Route events until SIGINT or SIGTERM."""
    with _process(settings, "router") as (broker, names, stack):
        store = stack.enter_context(open_store(settings))
        router = Router(broker, names, store, prefetch=settings.prefetch, poll_s=settings.poll_s)
        stack.callback(router.stop)
        router.start()


def run_delivery(settings: Settings) -> None:
    """Deliver until SIGINT or SIGTERM, then finish what is under way."""
    with _process(settings, "deliver") as (broker, names, stack):
        store = stack.enter_context(open_store(settings))
        sender = stack.enter_context(open_sender(settings))
        delivery = DeliveryConsumer(
            broker,
            names,
            store,
            sender,
            threads=settings.threads,
            poll_s=settings.poll_s,
            grace_s=settings.grace_s,
        )
        stack.callback(delivery.stop)
        delivery.start()


@contextmanager
def _process(settings: Settings, role: str) -> Iterator[tuple[Broker, Topology, ExitStack]]:
    """Set a process up; once the block has started its part, wait for the end and undo it all."""
    configure(settings)
    names = topology(settings)
    with stop_signals() as stop, ExitStack() as stack:
        broker = stack.enter_context(open_broker(settings))
        yield broker, names, stack
        if settings.health_file is not None:
            heartbeat = Heartbeat(broker, names.route, settings.health_file)
            stack.callback(heartbeat.stop)
            heartbeat.start()
        _log.info(
            "process.started",
            role=role,
            broker=hide_secrets(settings.broker_url),
            registry=hide_secrets(settings.registry_url),
        )
        stop.wait()
        _log.info("process.stopping", role=role)
        # The heartbeat ends first, then the part drains, then registry and broker are closed.
    _log.info("process.stopped", role=role)
