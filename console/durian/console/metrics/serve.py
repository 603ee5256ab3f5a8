"""A port of its own for metrics, for whoever scrapes a process without an HTTP face."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from prometheus_client import CollectorRegistry, start_http_server

from durian.console.bind import refused
from durian.console.settings import Settings

_log = structlog.get_logger("durian.console")


@contextmanager
def serving(settings: Settings, registry: CollectorRegistry) -> Iterator[None]:
    """Answer scrapes for the length of the block, if the settings name a port.

    Raises InvalidSettings when it cannot be listened at.
    """
    if settings.metrics_port is None:
        yield
        return
    host, port = settings.metrics_host, settings.metrics_port
    try:
        server, thread = start_http_server(port, host, registry)
    except (OSError, OverflowError) as exc:
        hint = "Choose another with --metrics-port, or DURIAN_METRICS_PORT."
        raise refused(host, port, exc, hint) from exc
    _log.info("metrics.serving", url=f"http://{host}:{server.server_port}/metrics")
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
