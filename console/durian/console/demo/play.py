"""Playing the scene: a real endpoint, the embedded broker, and a registry in a temporary folder."""

from __future__ import annotations

import queue
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from durian.broker.blocking import publish_all
from durian.broker.port import Address
from durian.console.demo.scene import PARTS, FailsOnce
from durian.console.endpoint import Arrival, Endpoint
from durian.console.endpoint.verify import verify_by_path
from durian.console.house import House, open_house
from durian.console.settings import Settings
from durian.console.wiring import open_store
from durian.errors import DurianError
from durian.events import Event, amqp
from durian.registry import ListenerSecret

#: Seconds that the whole play may take; it needs two.
PATIENCE_S = 15.0

#: Seconds between two looks at what the router has done.
_LOOK_S = 0.01


@dataclass(slots=True)
class Stage:
    """The running house, its endpoint, and what has arrived there."""

    house: House
    settings: Settings
    url: str
    arrivals: queue.Queue[Arrival]
    deadline: float = field(default_factory=lambda: time.monotonic() + PATIENCE_S)
    emitted: int = 0
    received: int = 0

    def emit(self, event_type: str, data: Mapping[str, Any]) -> Event:
        """Publish one event as a producer does; it is counted once the broker has confirmed it."""
        event = Event(type=event_type, source="/durian/demo", data=dict(data))
        names, broker = self.house.names, self.house.broker
        to = Address(names.events, event.type)
        publish_all(broker, [(amqp.encode(event), to)], self._left_s())
        self.emitted += 1
        return event

    def settle(self) -> Iterator[Arrival]:
        """Yield what arrives, until all that the router made of the events is received."""
        while self.house.router.counts.events < self.emitted or self.received < self.deliveries:
            try:
                arrival = self.arrivals.get(timeout=_LOOK_S)
            except queue.Empty:
                self._left_s()
            else:
                self.received += arrival.verified is True and arrival.accepted
                yield arrival

    @property
    def deliveries(self) -> int:
        """How many deliveries the router has made of the events."""
        return self.house.router.counts.deliveries

    def _left_s(self) -> float:
        left_s = self.deadline - time.monotonic()
        if left_s <= 0:
            raise DurianError(f"The demonstration did not end within {PATIENCE_S:.0f} s.")
        return left_s


@contextmanager
def open_stage() -> Iterator[Stage]:
    """Set the stage: an endpoint, the listeners that name it, and the house."""
    secrets = {part.id: ListenerSecret.new(now=time.time()) for part in PARTS}
    verify = verify_by_path({f"/{name}": secret.value for name, secret in secrets.items()})
    arrivals: queue.Queue[Arrival] = queue.Queue()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="durian-demo-")))
        settings = settings_in(folder)
        endpoint = Endpoint(
            "127.0.0.1", 0, verify=verify, answers=FailsOnce(), on_arrival=arrivals.put
        )
        stack.callback(endpoint.stop)
        endpoint.start()
        with open_store(settings, create=True) as store:
            for part in PARTS:
                store.add_listener(part.listener(endpoint.url), secrets[part.id])
        house = stack.enter_context(open_house(settings))
        if not (house.router.wait_ready(PATIENCE_S) and house.delivery.wait_ready(PATIENCE_S)):
            raise DurianError("The registry was not read in time.")
        yield Stage(house, settings, endpoint.url, arrivals)


def settings_in(folder: Path) -> Settings:
    """The settings of the demonstration: those of the machine must not change what it shows."""
    return Settings.model_construct(
        registry_url=f"sqlite:///{folder / 'durian.db'}",
        secret_key_file=folder / "secret.key",
        allowed_networks=(ip_network("127.0.0.0/8"),),
        threads=8,
        grace_s=5.0,
    )
