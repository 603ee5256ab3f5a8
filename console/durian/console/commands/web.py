"""`durian web`: the HTTP face as a process of its own."""

from __future__ import annotations

from durian.console.options import ApiHost, ApiPort, BrokerURL, LogFormat, LogLevel, Prefix


def web(
    *,
    broker: BrokerURL = None,
    prefix: Prefix = None,
    host: ApiHost = None,
    port: ApiPort = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
) -> None:
    """Take events by HTTP at POST /v1/events, and publish them to RabbitMQ, until Ctrl-C."""
    from durian.console.settings import load
    from durian.console.web import run_web

    run_web(
        load(
            broker_url=broker,
            prefix=prefix,
            api_host=host,
            api_port=port,
            log_level=log_level,
            log_format=log_format,
        )
    )
