"""`durian web`: takes events by HTTP and publishes them to RabbitMQ."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from functools import cache

import structlog

from durian.console.gateway.access import is_local
from durian.console.gateway.face import front_of
from durian.console.gateway.reach import Reach
from durian.console.gateway.serve import Service
from durian.console.inbound import KnownSources
from durian.console.logs import configure, hide_secrets
from durian.console.settings import Settings
from durian.console.stop import stop_signals
from durian.console.wiring import open_store
from durian.errors import InvalidSettings
from durian.producers import AsyncProducer, Producer, PublishPolicy

#: Gives up before the client of a request is told to come again.
_POLICY = PublishPolicy(give_up_after_s=10.0)

_log = structlog.get_logger("durian.console")


def run_web(settings: Settings) -> None:
    """Take events until SIGINT or SIGTERM; requests under way are finished first."""
    _refuse_open_doors(settings)
    configure(settings)
    url, prefix = settings.broker_url, settings.prefix
    with stop_signals() as stop, ExitStack() as registry, ExitStack() as stack:
        producer = AsyncProducer(url, prefix=prefix, policy=_POLICY)
        stack.callback(lambda: asyncio.run(producer.close()))
        probe = stack.enter_context(Producer(url, prefix=prefix, policy=_POLICY, connections=1))
        # Opened when the first webhook comes in: events are taken without a registry.
        store = cache(lambda: registry.enter_context(open_store(settings)))
        app = front_of(producer, KnownSources(store), Reach(probe.check), settings)
        service = Service(app, settings.api_host, settings.api_port)
        stack.callback(service.stop)
        service.start()
        _log.info("web.started", events=f"{service.url}/v1/events", broker=hide_secrets(url))
        stop.wait()
        _log.info("web.stopping")
    _log.info("web.stopped")


def _refuse_open_doors(settings: Settings) -> None:
    """Without a token only programs of this machine may emit."""
    if not settings.broker_url:
        reason = "no broker is set; only `durian up` brings one of its own"
        hint = "Set DURIAN_BROKER_URL, or give --broker amqp://user:password@host/."
        raise InvalidSettings("DURIAN_BROKER_URL", reason, hint=hint)
    if not settings.tokens and not is_local(settings.api_host):
        reason = f"is empty, and {settings.api_host} is not of this machine alone"
        hint = "Set a token, such as what openssl rand -hex 32 prints."
        raise InvalidSettings("DURIAN_API_TOKENS", reason, hint=hint)
