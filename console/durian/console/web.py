"""`durian web`: web pages and REST API as a process of their own, on RabbitMQ and the registry."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

import structlog

from durian.broker.blocking import declare_all
from durian.client.loopback import is_local
from durian.console.api.serve import Service, bind
from durian.console.face import open_face
from durian.console.local_token import token_file
from durian.console.logs import configure, hide_secrets
from durian.console.metrics import sources as metrics
from durian.console.settings import Settings
from durian.console.stop import stop_signals
from durian.console.tracing import traced
from durian.console.wiring import open_broker, open_store, topology
from durian.registry.principal import DURIAN

_log = structlog.get_logger("durian.console")


def run_web(settings: Settings) -> None:
    """Answer requests until SIGINT or SIGTERM; those under way are finished first."""
    configure(settings)
    names = topology(settings)
    with stop_signals() as stop, ExitStack() as stack:
        stack.enter_context(traced("web"))
        broker = stack.enter_context(open_broker(settings))
        store = stack.enter_context(open_store(settings, DURIAN))
        declare_all(broker, names.house())
        bound = stack.enter_context(bind(settings.api_host, settings.api_port))
        measured = (partial(metrics.of_process, "web"),)
        face = open_face(settings, bound, broker, names, store, measured=measured)
        service = stack.enter_context(face)
        _log.info(
            "web.started",
            **where(settings, service),
            broker=hide_secrets(settings.broker_url),
            registry=hide_secrets(settings.registry_url),
        )
        stop.wait()
        _log.info("web.stopping")
    _log.info("web.stopped")


def where(settings: Settings, service: Service) -> dict[str, str]:
    """Tell where a service is, and where its token lies if it has one of this machine.

    That logs in to the pages as well.
    """
    url = service.url
    facts = {"url": url, "events": f"{url}/v1/events", "pages": f"{url}/console"}
    # Not called a token: what is called so is redacted.
    return facts | ({"key_file": str(token_file())} if is_local(settings.api_host) else {})
