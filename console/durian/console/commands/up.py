"""`durian up`: everything in one process."""

from __future__ import annotations

from durian.console.options import (
    AllowedNetworks,
    ApiHost,
    ApiPort,
    BrokerURL,
    Grace,
    LogAsJSON,
    LogFormat,
    LogLevel,
    MetricsPort,
    Prefix,
    RegistryURL,
    SenderKind,
    Threads,
)


def up(
    *,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    host: ApiHost = None,
    port: ApiPort = None,
    allow_network: AllowedNetworks = None,
    prefix: Prefix = None,
    sender: SenderKind = None,
    threads: Threads = None,
    grace: Grace = None,
    metrics_port: MetricsPort = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
    as_json: LogAsJSON = False,
) -> None:
    """Run everything in one process: router, delivery, recorder, REST API and web pages."""
    from durian.console.settings import load
    from durian.console.up import run_up

    run_up(
        load(
            broker_url=broker,
            registry_url=registry,
            api_host=host,
            api_port=port,
            allowed_networks=allow_network,
            prefix=prefix,
            sender=sender,
            threads=threads,
            grace_s=grace,
            metrics_port=metrics_port,
            log_level=log_level,
            log_format="json" if as_json else log_format,
        )
    )
