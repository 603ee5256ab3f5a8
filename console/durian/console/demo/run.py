"""`durian demo`: plays the scene, and on request goes on serving."""

from __future__ import annotations

import queue
import threading

from durian.console.api.serve import Service
from durian.console.demo import show
from durian.console.demo.play import Stage, open_stage
from durian.console.demo.scene import EVENTS
from durian.console.endpoint.show import show as show_arrival
from durian.console.face import open_face
from durian.console.output import say
from durian.console.settings import Settings
from durian.console.stop import stop_signals
from durian.errors import DurianError

#: Seconds between two looks at whether to stop.
_LOOK_S = 0.1


def run(settings: Settings, *, once: bool) -> None:
    """Play the scene; raises DurianError unless every delivery was received."""
    with stop_signals() as stop, open_stage() as stage:
        show.listeners()
        for number, (event_type, data) in enumerate(EVENTS, start=1):
            event = stage.emit(event_type, data)
            show.event(number, event, stage.house.router.index.match(event))
            for arrival in stage.settle():
                show_arrival(arrival, indent="  ")
        _total(stage)
        if not once:
            house = stage.house
            parts = (house.broker, house.names, house.store)
            with open_face(settings, *parts, is_working=house.ready) as service:
                _go_on(stage, service, stop)


def _total(stage: Stage) -> None:
    say()
    say(f"{stage.emitted} events emitted, {stage.deliveries} deliveries, {stage.received} received")
    if stage.received != stage.deliveries:
        raise DurianError("What was received is not what was to be delivered.")


def _go_on(stage: Stage, service: Service, stop: threading.Event) -> None:
    """Print what arrives until SIGINT or SIGTERM."""
    say()
    say(f"Taking events at {service.url}/v1/events until Ctrl-C. In another shell:")
    say(f"""  durian emit --server {service.url} person '{{"name": "Jill"}}'""")
    while not stop.is_set():
        try:
            show_arrival(stage.arrivals.get(timeout=_LOOK_S))
        except queue.Empty:
            continue
