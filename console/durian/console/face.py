"""What `durian up` and `durian web` answer by HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from socket import socket

from durian.broker.blocking import count
from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.console.api.app import build
from durian.console.api.measured import HttpMeasures
from durian.console.api.publish import through_broker
from durian.console.api.reach import Reach
from durian.console.api.serve import Service
from durian.console.api.services import Services
from durian.console.backlog import BacklogWatch
from durian.console.local_token import local_token
from durian.console.metrics import Exposition, serving
from durian.console.metrics import sources as metrics
from durian.console.metrics.catalogue import Source
from durian.console.recent import RecentEvents
from durian.console.settings import Settings
from durian.console.working import Worker
from durian.errors import DurianError
from durian.registry.store import Store

#: Seconds that the broker may take to answer whoever asks for its health.
_PATIENCE_S = 5.0


@contextmanager
def open_face(
    settings: Settings,
    bound: socket,
    broker: Broker,
    names: Topology,
    store: Store,
    *,
    measured: Sequence[Source] = (),
    is_working: Callable[[], bool] = lambda: True,
) -> Iterator[Service]:
    """Answer at a socket for the length of the block.

    `is_working` tells whether the rest of the process does its work, `measured` are its metrics.

    Raises InvalidSettings when it, or the port for metrics, cannot be listened at.
    """

    def check() -> None:
        if not is_working():
            raise DurianError("The whole registry is not known yet.")
        store.ping()
        count(broker, names.route, _PATIENCE_S)

    backlog, http = BacklogWatch(broker, names, store), HttpMeasures()
    exposition = Exposition(
        *measured,
        partial(metrics.of_broker, broker),
        partial(metrics.of_http, http),
        partial(metrics.of_backlog, backlog, settings.metrics_listeners),
    )
    services = Services(
        broker=broker,
        names=names,
        store=store,
        publish=through_broker(broker, names),
        recent=RecentEvents(broker, names),
        worker=Worker(broker, names, store),
        backlog=backlog,
        exposition=exposition,
        http=http,
        ready=Reach(check),
        local_token=local_token(settings.api_host),
        settings=settings,
        queue_type=settings.queue_type,
        rate_per_s=settings.api_rate_per_s,
    )
    service = Service(build(services), bound)
    # Stopped in the opposite order: first nothing new is asked for.
    with ExitStack() as stack:
        for part in (services.backlog, services.worker, service):
            stack.callback(part.stop)
            part.start()
        stack.enter_context(serving(settings, exposition.registry))
        yield service
