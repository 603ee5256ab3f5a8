"""`durian up`: everything in one process, with the HTTP face in front."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

import structlog

from durian.console import garbage
from durian.console.api.serve import bind
from durian.console.face import open_face
from durian.console.house import open_house
from durian.console.logs import configure, hide_secrets
from durian.console.metrics import sources as metrics
from durian.console.progress import counts_of, report_until
from durian.console.settings import Settings
from durian.console.stop import stop_signals
from durian.console.tracing import traced
from durian.console.web import where

_log = structlog.get_logger("durian.console")


def run_up(settings: Settings) -> None:
    """Route, deliver, record and take events by HTTP until SIGINT or SIGTERM."""
    configure(settings)
    with stop_signals() as stop, ExitStack() as stack:
        stack.enter_context(traced("up"))
        # First, so that nothing is made when another process has the port.
        bound = stack.enter_context(bind(settings.api_host, settings.api_port))
        house = stack.enter_context(open_house(settings))
        parts = (house.broker, house.names, house.store)
        measured = (
            partial(metrics.of_process, "up"),
            partial(metrics.of_router, house.router),
            partial(metrics.of_delivery, house.delivery),
            partial(metrics.of_recorder, house.recorder),
        )
        face = open_face(settings, bound, *parts, measured=measured, is_working=house.ready)
        service = stack.enter_context(face)
        _log.info(
            "up.started",
            **where(settings, service),
            broker=hide_secrets(settings.broker_url) or "embedded",
            registry=hide_secrets(settings.registry_url),
        )
        if not settings.broker_url:
            _log.warning(
                "up.broker_embedded",
                meaning="events are kept in this process's memory and are gone when it ends",
                instead="set DURIAN_BROKER_URL to keep them in RabbitMQ",
            )
        garbage.settle()
        report_until(stop, counts_of(house.router, house.delivery, house.recorder))
        _log.info("up.stopping")
    _log.info("up.stopped")
