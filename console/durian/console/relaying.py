"""`durian relay`: publish what waits in an application's outbox."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from functools import partial

import structlog

from durian.console.logs import configure, hide_secrets
from durian.console.metrics import Exposition, serving
from durian.console.metrics import sources as metrics
from durian.console.progress import report_until
from durian.console.settings import Settings
from durian.console.stop import stop_signals
from durian.console.tracing import traced
from durian.errors import InvalidSettings
from durian.producers import Producer
from durian.producers.outbox import Relay
from durian.producers.sqlalchemy.opening import open_store

_log = structlog.get_logger("durian.console")


def run_relay(settings: Settings) -> None:
    """Relay until SIGINT or SIGTERM; what is under way is finished first."""
    for name, flag in (("outbox_url", "--outbox"), ("broker_url", "--broker")):
        if not getattr(settings, name):
            hint = f"Set it, or give {flag}."
            raise InvalidSettings(f"DURIAN_{name.upper()}", "is not set", hint=hint)
    configure(settings)
    with stop_signals() as stop, ExitStack() as stack:
        stack.enter_context(traced("relay"))
        store = stack.enter_context(open_store(settings.outbox_url, settings.outbox_table))
        producer = stack.enter_context(Producer(settings.broker_url, prefix=settings.prefix))
        relay = Relay(store, producer, keep=timedelta(days=settings.outbox_keep_days))
        exposition = Exposition(
            partial(metrics.of_process, "relay"), partial(metrics.of_relay, relay)
        )
        stack.enter_context(serving(settings, exposition.registry))
        _log.info(
            "process.started",
            role="relay",
            broker=hide_secrets(settings.broker_url),
            outbox=hide_secrets(settings.outbox_url),
            table=settings.outbox_table,
        )
        # The main thread stays free for signals, and tells what was done.
        running = stack.enter_context(ThreadPoolExecutor(1, "durian-relay")).submit(relay.run, stop)
        running.add_done_callback(lambda _: stop.set())
        report_until(stop, lambda: {"sent": relay.sent})
        _log.info("process.stopping", role="relay")
        running.result()
    _log.info("process.stopped", role="relay", sent=relay.sent)
