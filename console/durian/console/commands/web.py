"""`durian web`: the web pages and the REST API as a process of their own."""

from __future__ import annotations

from durian.console.options import (
    ApiHost,
    ApiPort,
    BrokerURL,
    LogAsJSON,
    LogFormat,
    LogLevel,
    MetricsPort,
    Prefix,
    RegistryURL,
)


def web(
    *,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    host: ApiHost = None,
    port: ApiPort = None,
    metrics_port: MetricsPort = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
    as_json: LogAsJSON = False,
) -> None:
    """Serve the web pages and the REST API, and take webhooks, until Ctrl-C or SIGTERM."""
    from durian.console.settings import load
    from durian.console.web import run_web

    run_web(
        load(
            broker_url=broker,
            registry_url=registry,
            prefix=prefix,
            api_host=host,
            api_port=port,
            metrics_port=metrics_port,
            log_level=log_level,
            log_format="json" if as_json else log_format,
        )
    )
