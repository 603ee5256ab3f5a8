"""Running the router, the delivery consumer and the recorder, each in processes of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TypeVar

import structlog

from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.console import garbage
from durian.console.heartbeat import HealthFile, Heartbeat
from durian.console.logs import configure, hide_secrets
from durian.console.metrics import Exposition, serving
from durian.console.metrics import sources as metrics
from durian.console.metrics.catalogue import Readings
from durian.console.progress import counts_of, report_until
from durian.console.settings import Settings
from durian.console.stop import stop_signals
from durian.console.supervisor import Telling, Work, supervise
from durian.console.tracing import traced
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
from durian.router import Router

#: A part that is run as a process of its own.
_Part = TypeVar("_Part", Router, DeliveryConsumer, Recorder)

_log = structlog.get_logger("durian.console")


def run_router(settings: Settings) -> None:
    """Route events until SIGINT or SIGTERM."""
    _run_processes(settings, "router", partial(_work, "router", _open_router, metrics.of_router))


def run_delivery(settings: Settings) -> None:
    """Deliver until SIGINT or SIGTERM, then finish what is under way."""
    work = partial(_work, "deliver", _open_delivery, metrics.of_delivery)
    _run_processes(settings, "deliver", work)


def run_recorder(settings: Settings) -> None:
    """Record attempts until SIGINT or SIGTERM, then write what is at hand."""
    _run_alone(settings, partial(_work, "record", _open_recorder, metrics.of_recorder))


def _run_processes(settings: Settings, role: str, work: Work) -> None:
    if settings.processes > 1:
        supervise(settings, role, work)
    else:
        _run_alone(settings, work)


def _run_alone(settings: Settings, work: Work) -> None:
    configure(settings)
    work(settings, partial(_telling, settings))


@contextmanager
def _telling(
    settings: Settings, broker: Broker, queue: str, exposition: Exposition
) -> Iterator[None]:
    """Tell by the health file and the port for metrics how this process does."""
    with ExitStack() as stack:
        if settings.health_file is not None:
            file = HealthFile(settings.health_file)
            stack.callback(file.remove)
            heartbeat = Heartbeat(broker, queue, file.touch)
            stack.callback(heartbeat.stop)
            heartbeat.start()
            file.touch()
        stack.enter_context(serving(settings, exposition.registry))
        yield


def _open_router(settings: Settings, broker: Broker, names: Topology, stack: ExitStack) -> Router:
    store = stack.enter_context(open_store(settings, DURIAN))
    router = Router(
        broker,
        names,
        store,
        prefetch=settings.prefetch,
        poll_s=settings.poll_s,
        snapshot=open_snapshot(settings, store),
    )
    stack.callback(router.stop)
    router.start()
    return router


def _open_delivery(
    settings: Settings, broker: Broker, names: Topology, stack: ExitStack
) -> DeliveryConsumer:
    store = stack.enter_context(open_store(settings, DURIAN))
    sender = stack.enter_context(open_sender(settings, broker))
    delivery = DeliveryConsumer(
        broker,
        names,
        store,
        sender,
        poll_s=settings.poll_s,
        grace_s=settings.grace_s,
        rules=breaker_rules(settings),
        owner_attribute=settings.owner_attribute,
    )
    stack.callback(delivery.stop)
    delivery.start()
    return delivery


def _open_recorder(
    settings: Settings, broker: Broker, names: Topology, stack: ExitStack
) -> Recorder:
    store = stack.enter_context(open_store(settings, DURIAN))
    recorder = make_recorder(settings, broker, names, store)
    stack.callback(recorder.stop)
    recorder.start()
    return recorder


def _work(
    role: str,
    open_part: Callable[[Settings, Broker, Topology, ExitStack], _Part],
    read: Callable[[_Part], Readings],
    settings: Settings,
    telling: Telling,
) -> None:
    """Start a part, wait for the end, and stop it."""
    names = topology(settings)
    with stop_signals() as stop, ExitStack() as stack:
        stack.enter_context(traced(role))
        broker = stack.enter_context(open_broker(settings))
        part = open_part(settings, broker, names, stack)
        exposition = Exposition(
            partial(metrics.of_process, role),
            partial(metrics.of_broker, broker),
            partial(read, part),
        )
        stack.enter_context(telling(broker, names.route, exposition))
        _log.info(
            "process.started",
            role=role,
            broker=hide_secrets(settings.broker_url),
            registry=hide_secrets(settings.registry_url),
        )
        garbage.settle()
        report_until(stop, counts_of(part))
        # Undone in the opposite order: the heartbeat ends, the part drains, registry and broker
        # are closed.
        _log.info("process.stopping", role=role)
    _log.info("process.stopped", role=role)
