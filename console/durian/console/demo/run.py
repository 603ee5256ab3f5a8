"""`durian demo`: plays the scene, and on request goes on serving."""

from __future__ import annotations

import queue
import threading
from contextlib import ExitStack

from durian.client.loopback import is_local
from durian.console.api.serve import bind
from durian.console.demo import show, tell_json
from durian.console.demo.play import Stage, open_stage
from durian.console.demo.scene import EVENTS
from durian.console.face import open_face
from durian.console.local_token import token_file
from durian.console.settings import Settings
from durian.console.stop import stop_signals
from durian.errors import DurianError

#: Seconds between two looks at whether to stop.
_LOOK_S = 0.1


def run(settings: Settings, *, once: bool, as_json: bool) -> None:
    """Play the scene; raises DurianError unless every delivery was received."""
    tell = tell_json if as_json else show
    with ExitStack() as stack:
        stop = stack.enter_context(stop_signals())
        # First, so that nothing is played when the port is another's.
        address = (settings.api_host, settings.api_port)
        bound = None if once else stack.enter_context(bind(*address))
        stage = stack.enter_context(open_stage())
        _play(stage, as_json=as_json)
        if bound is not None:
            house, host = stage.house, settings.api_host
            shown = stage.settings.model_copy(update={"api_host": host})
            parts = (house.broker, house.names, house.store)
            with open_face(shown, bound, *parts, is_working=house.ready) as service:
                tell.taking(service.url, token_file() if is_local(host) else None)
                _go_on(stage, stop, as_json=as_json)


def _play(stage: Stage, *, as_json: bool) -> None:
    """Emit what the scene has, and tell what comes of it."""
    tell = tell_json if as_json else show
    tell.listeners()
    for number, (event_type, data) in enumerate(EVENTS, start=1):
        event = stage.emit(event_type, data)
        tell.event(number, event, stage.house.router.index.match(event))
        for arrival in stage.settle():
            tell.arrival(arrival, indent="  ")
    tell.total(stage.emitted, stage.deliveries, stage.received)
    if stage.received != stage.deliveries:
        raise DurianError("What was received is not what was to be delivered.")


def _go_on(stage: Stage, stop: threading.Event, *, as_json: bool) -> None:
    """Print what arrives until SIGINT or SIGTERM."""
    tell = tell_json if as_json else show
    while not stop.is_set():
        try:
            tell.arrival(stage.arrivals.get(timeout=_LOOK_S))
        except queue.Empty:
            continue
