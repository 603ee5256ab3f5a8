"""What `durian up` and `durian web` answer by HTTP."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI

from durian.broker.blocking import count
from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.console.api.app import build
from durian.console.api.publish import through_broker
from durian.console.api.reach import Reach
from durian.console.api.services import Services
from durian.console.local_token import local_token
from durian.console.recent import RecentEvents
from durian.console.settings import Settings
from durian.errors import DurianError
from durian.registry.store import Store

#: Seconds that the broker may take to answer whoever asks for its health.
_PATIENCE_S = 5.0


def face_of(
    settings: Settings,
    broker: Broker,
    names: Topology,
    store: Store,
    *,
    is_working: Callable[[], bool] = lambda: True,
) -> FastAPI:
    """Make the application; `is_working` tells whether the rest of the process does its work."""

    def check() -> None:
        if not is_working():
            raise DurianError("The whole registry is not known yet.")
        store.ping()
        count(broker, names.route, _PATIENCE_S)

    services = Services(
        broker=broker,
        names=names,
        store=store,
        publish=through_broker(broker, names),
        recent=RecentEvents(broker, names),
        ready=Reach(check),
        local_token=local_token(settings.api_host),
        queue_type=settings.queue_type,
        rate_per_s=settings.api_rate_per_s,
    )
    return build(services)
